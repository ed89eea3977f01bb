"""Where the pictures of a test go."""

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from mmdet.structures import DetDataSample

from mmscanet.engine.hooks import EvidenceVisualizationHook
from mmscanet.visualization import EvidenceVisualizer

SEVERAL = ('a/same.jpg', 'b/same.jpg', 'b/deep/other.jpg')
FLAT = ('same.jpg', 'other.jpg')


@pytest.mark.parametrize('names', [SEVERAL, FLAT], ids=['folders', 'one folder'])
def test_each_image_has_a_picture_of_its_own(names, tmp_path, monkeypatch):
    paths = [tmp_path / 'images' / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.zeros((8, 8, 3), np.uint8))
    drawn = []
    visualizer = EvidenceVisualizer.get_instance('test_pictures')
    monkeypatch.setattr(
        visualizer, 'add_datasample', lambda *_, **given: drawn.append(given)
    )
    dataset = [dict(img_path=str(path)) for path in paths]
    runner = SimpleNamespace(
        work_dir=str(tmp_path / 'work'),
        timestamp='now',
        test_dataloader=SimpleNamespace(dataset=_Dataset(dataset)),
    )
    hook = EvidenceVisualizationHook(draw=True, test_out_dir='pictures')
    hook.before_test(runner)
    samples = [DetDataSample(metainfo=each) for each in dataset]
    hook.after_test_iter(runner, 0, {}, samples[:2])
    hook.after_test_iter(runner, 1, {}, samples[2:])
    root = tmp_path / 'work' / 'now' / 'pictures'
    assert [Path(each['out_file']).resolve() for each in drawn] == [
        root / name for name in names
    ]


class _Dataset(list):
    def get_data_info(self, index):
        return self[index]
