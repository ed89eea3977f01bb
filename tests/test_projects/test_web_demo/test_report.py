"""What the page writes as HTML."""

import base64
import json
from collections.abc import Callable

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample

from web_demo.pictures import Limits
from web_demo.report import download_link, labels_section, limits_line, notes

CLASSES = ('cat', 'dog & <b>', 'cow')


@pytest.fixture
def sample(make_sample: Callable[..., DetDataSample]) -> DetDataSample:
    """Return a cat with five boxes, and a dog that only its surroundings tell."""
    cats = [[10.2 + 50 * i, 20, 40.4 + 50 * i, 60] for i in range(5)]
    return make_sample(
        score=[0.9, 0.6, 0.1],
        object_score=[0.9, 0.4, 0.1],
        context_score=[0.9, 0.8, 0.1],
        boxes=[*cats, [0, 0, 5, 5]],
        labels=[0, 0, 0, 0, 0, 1],
        scores=[0.9, 0.8, 0.8, 0.7, 0.7, 0.6],
    )


def test_labels(sample: DetDataSample) -> None:
    html = labels_section('a.jpg', sample, np.full(3, 0.5), CLASSES)
    assert '<b>a.jpg</b>: 2 of 3 labels reach 0.50' in html
    assert html.index('>cat<') < html.index('>dog')
    assert 'box 30 x 40 at (10, 20)' in html
    assert 'and 2 more boxes' in html  # three of the cat's five are written out
    bar = '<span class="bar object"><i style="width:40.0%"></i><u style="left:50.0%">'
    assert f'{bar}</u></span>0.40</td>' in html


def test_only_the_dog_is_there_by_context_alone(sample: DetDataSample) -> None:
    html = labels_section('a.jpg', sample, np.full(3, 0.5), CLASSES)
    cat, dog = html.split('<tr class="label')[1:]
    assert 'context only' not in cat
    assert dog.startswith(' context-only')
    assert 'context only</span>' in dog
    # At a threshold that the object branch reaches too, nothing is.
    html = labels_section('a.jpg', sample, np.full(3, 0.4), CLASSES)
    assert 'context only' not in html


def test_own_thresholds(sample: DetDataSample) -> None:
    html = labels_section('a.jpg', sample, np.array([0.95, 0.5, 0.1]), CLASSES)
    assert '2 of 3 labels reach their thresholds' in html
    assert '>cat<' not in html
    assert 'left:10.0%' in html


def test_no_label(sample: DetDataSample) -> None:
    html = labels_section('a.jpg', sample, np.array([1.0, 0.65, 0.9]), CLASSES)
    assert '0 of 3 labels' in html
    assert 'Closest: dog &amp; &lt;b&gt; with 0.60 of 0.65' in html
    assert '<table' not in html


def test_without_branches(sample: DetDataSample) -> None:
    for name in ('pred_object_score', 'pred_context_score'):
        delattr(sample, name)
    for name in ('object_scores', 'context_scores'):
        delattr(sample.pred_instances, name)
    html = labels_section('a.jpg', sample, np.full(3, 0.5), CLASSES)
    assert html.count('<td>–</td>') == 2 * (2 + 3 + 1)


def test_a_scene_has_a_column(sample: DetDataSample) -> None:
    html = labels_section('a.jpg', sample, np.full(3, 0.5), CLASSES)
    assert 'scene' not in html
    sample.pred_scene_score = torch.tensor([0.9, 0.7, 0.1])
    html = labels_section('a.jpg', sample, np.full(3, 0.5), CLASSES)
    assert '<th>context</th><th>scene</th></tr>' in html
    assert '<span class="bar scene"><i style="width:70.0%">' in html
    assert '<th colspan="5">and 2 more boxes</th>' in html


def test_names_are_escaped(sample: DetDataSample) -> None:
    html = labels_section('<script>.jpg', sample, np.full(3, 0.5), CLASSES)
    assert '&lt;script&gt;.jpg' in html
    assert 'dog &amp; &lt;b&gt;' in html
    assert '<script>' not in html


def test_notes() -> None:
    assert notes([]) == ''
    assert notes(['<i>.png is large.']) == (
        '<ul role="alert"><li>&lt;i&gt;.png is large.</li></ul>'
    )


def test_download_link_holds_the_content() -> None:
    content = {'predictions': [{'image': 'Käse "1".jpg'}]}
    link = download_link(content)
    data = link.split('base64,')[1].split('"')[0]
    assert json.loads(base64.b64decode(data)) == content


def test_limits_line() -> None:
    line = limits_line(Limits(megabytes=2.5, megapixels=12, pictures=3))
    assert 'at most 3 pictures, each up to 2.5 MB and 12 megapixels' in line
