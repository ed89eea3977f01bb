"""The tiny model, and pictures for it."""

from pathlib import Path

import pytest
from mmdet.registry import DATASETS
from mmengine.config import Config

from mmscanet.apis import SCANetInferencer


@pytest.fixture(scope='module')
def inferencer(tiny_config: Path, tiny_checkpoint: Path) -> SCANetInferencer:
    """The tiny model, ready to label."""
    return SCANetInferencer(
        tiny_config, tiny_checkpoint, device='cpu', show_progress=False
    )


@pytest.fixture(scope='module')
def pictures(tiny_config: Path) -> list[str]:
    """The test images of the tiny data set, by img_id."""
    cfg = Config.fromfile(tiny_config)
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    infos.sort(key=lambda info: str(info['img_id']))
    return [info['img_path'] for info in infos]
