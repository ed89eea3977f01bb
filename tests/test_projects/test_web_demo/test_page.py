"""What the page answers when something on it is moved, without a server."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmscanet.apis import ImageSource, Labelled, SCANetInferencer
from mmscanet.evaluation.thresholds import LabelThresholds

pytest.importorskip('gradio', reason='needs requirements/demo.txt')
from web_demo.page import EvidencePage
from web_demo.pictures import Limits
from web_demo.readings import Reading


@pytest.fixture
def page(tiny_config: Path, tiny_checkpoint: Path) -> EvidencePage:
    """Return a page with the tiny model."""
    model = SCANetInferencer(tiny_config, tiny_checkpoint, 'cpu', show_progress=False)
    return EvidencePage(model, LabelThresholds.shared(model.classes, 0.5), Limits())


def as_files(*paths: Path) -> list[dict[str, Any]]:
    """Return what the drop area sends for uploads."""
    return [{'path': str(path), 'orig_name': path.name} for path in paths]


def predictions(link: str) -> list[dict[str, Any]]:
    """Return what a download link holds."""
    data = link.split('base64,')[1].split('"')[0]
    return json.loads(base64.b64decode(data))['predictions']


def test_same_figures_as_the_inferencer(page: EvidencePage, scene: Callable) -> None:
    paths = [scene('a.png'), scene('b.png', seed=1)]
    readings, chosen, _, notes = page.read(as_files(*paths), [])
    assert (len(readings), chosen, notes) == (2, 0, '')
    _, _, link = page.show(readings, chosen, 0.4, False)
    expected = page.inferencer(list(map(str, paths)), threshold=0.4)['predictions']
    assert any(each['labels'] for each in expected)
    for each, path in zip(expected, paths, strict=True):
        each['image'] = path.name
    assert predictions(link) == expected


def test_threshold_moves_without_the_model(page: EvidencePage, scene: Callable) -> None:
    readings, *_ = page.read(as_files(scene()), [])
    page.inferencer = None
    drawn, labels, _ = zip(
        *(page.show(readings, 0, threshold, False) for threshold in (0.05, 0.7)),
        strict=True,
    )
    assert labels[0].count('"name"') > labels[1].count('"name"')
    assert (drawn[0] != drawn[1]).any()


def test_only_new_pictures_are_read(page: EvidencePage, scene: Callable) -> None:
    first, second, third = (scene(f'{i}.png', seed=i) for i in range(3))
    readings, *_ = page.read(as_files(first, second), [])
    first.unlink()  # as uploads are after an hour
    after, chosen, _, notes = page.read(as_files(first, third), readings)
    assert [each.name for each in after] == ['0.png', '2.png']
    assert after[0] is readings[0]
    assert (chosen, notes) == (1, '')
    assert page.read([], after)[0] == page.read(None, after)[0] == []


def test_failure_of_the_model_spares_the_others(
    page: EvidencePage, scene: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = page.inferencer.stream
    fails = iter([True, False])

    def sometimes(inputs: Any) -> Any:
        if next(fails):
            raise RuntimeError('out of memory')
        return stream(inputs)

    monkeypatch.setattr(page.inferencer, 'stream', sometimes)
    readings, _, _, notes = page.read(as_files(scene('a.png'), scene('b.png', 1)), [])
    assert [each.name for each in readings] == ['b.png']
    assert 'a.png cannot be read: an error in the model.' in notes


def test_each_label_its_own_threshold(page: EvidencePage, scene: Callable) -> None:
    values = np.ones(len(page.classes))
    values[3] = 0
    page.thresholds = LabelThresholds(page.classes, values)
    slider, own = page.threshold_controls()
    assert (slider.interactive, own.value, own.visible) == (False, True, True)
    readings, *_ = page.read(as_files(scene()), [])
    _, labels, link = page.show(readings, 0, 0.5, True)
    assert 'reach their thresholds' in labels
    ((label,),) = (each['labels'] for each in predictions(link))
    assert (label['label'], label['threshold']) == (page.classes[3], 0)


def test_model_without_boxes(page: EvidencePage, make_sample: Callable) -> None:
    sample = make_sample(score=[0.9] + [0.1] * (len(page.classes) - 1))
    del sample.pred_instances
    sample.set_metainfo(dict(ori_shape=(10, 20)))
    image = np.zeros((10, 20, 3), np.uint8)
    thresholds = LabelThresholds.shared(page.classes, 0.5)
    labelled = Labelled(ImageSource(), {}, sample, image, thresholds)
    reading = Reading.of('a.png', 'a.png', labelled)
    _, labels, link = page.show([reading], 0, 0.5, False)
    assert labels.count('class="name"') == 1
    assert predictions(link)[0]['labels'][0]['boxes'] == []


def test_large_pictures_are_kept_small(page: EvidencePage, tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / 'large.png'
    Image.new('RGB', (3000, 1000), 'green').save(path)
    (reading,), *_ = page.read(as_files(path), [])
    assert reading.view().shape == (427, 1280, 3)
    for _ in range(2):  # the second time as the first
        small = reading.view_sample().pred_instances
        large = reading.sample.pred_instances
        assert large.bboxes[:, 2].max() > 1280 >= small.bboxes[:, 2].max()
        for field in ('bboxes', 'context_bboxes'):
            np.testing.assert_allclose(small[field] * 3000 / 1280, large[field], 1e-5)
    drawn, *_ = page.show([reading], 0, 0.3, False)
    assert drawn.shape[1] == 1280
