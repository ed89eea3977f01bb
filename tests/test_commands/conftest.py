"""The command, and pictures to label."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from mmdet.registry import DATASETS
from mmengine.config import Config

from mmscanet.__main__ import main

Command = Callable[..., int]


@pytest.fixture
def predict(tiny_checkpoint: Path) -> Command:
    """Run the command on the tiny model; return its exit status."""

    def run(*arguments: object) -> int:
        words = ('predict', *arguments, '--weights', tiny_checkpoint, '--no-progress')
        with pytest.raises(SystemExit) as exit_info:
            main([str(word) for word in words])
        return exit_info.value.code

    return run


@pytest.fixture
def folder(tiny_config: Path, tmp_path: Path) -> Path:
    """Three pictures, one of them in a folder below."""
    cfg = Config.fromfile(tiny_config)
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    for index, name in enumerate(('a.png', 'b.png', 'sub/c.png')):
        path = tmp_path / 'in' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(dataset.get_data_info(index)['img_path'], path)
    return tmp_path / 'in'
