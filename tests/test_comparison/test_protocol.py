"""What is compared is read from the data, and a difference is named."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config

from mmscanet.comparison import EvaluationSplit, Protocol, check_same
from mmscanet.engine.launch import set_data_root
from mmscanet.errors import UsageError
from mmscanet.evaluation import METRIC_VERSION, ScoreTable

CLASSES = ('cat', 'dog')
IMAGES = {
    'a': (np.array([1, -1]), np.array([9.0, 0])),
    'b': (np.array([0, 0]), np.array([0.0, 0])),
    'c': (np.array([0, 1]), np.array([0.0, 4])),
}


def changed(img_id: str, score: list[int], area: list[float]) -> dict:
    return {**IMAGES, img_id: (np.array(score), np.array(area))}


def test_split_counts_what_is_left_out():
    split = EvaluationSplit.of(IMAGES, CLASSES)
    assert (split.test_images, split.unlabelled, split.not_scored) == (3, 1, 1)
    assert split.classes == CLASSES


def test_split_does_not_depend_on_order_or_types():
    table = ScoreTable(
        img_id=np.array(['c', 'a', 'b']),
        pred_score=np.zeros((3, 2), np.float32),
        gt_score=np.array([[0, 1], [1, -1], [0, 0]], np.int8),
        gt_area=np.array([[0, 4], [9, 0], [0, 0]], np.float32),
        classes=np.array(CLASSES),
    )
    assert EvaluationSplit.of_scores(table) == EvaluationSplit.of(IMAGES, CLASSES)


@pytest.mark.parametrize(
    'images',
    [
        changed('b', [1, 0], [0, 0]),
        changed('c', [0, 1], [0, 5]),
        {name.upper(): value for name, value in IMAGES.items()},
    ],
    ids=['label', 'area', 'ids'],
)
def test_split_depends_on(images):
    split = EvaluationSplit.of(IMAGES, CLASSES)
    assert EvaluationSplit.of(images, CLASSES).test_digest != split.test_digest


def test_config_is_described_by_its_data(tiny_config: Path, tmp_path: Path):
    cfg = Config.fromfile(tiny_config)
    found = Protocol.of_config(cfg, 'tiny')
    assert (found.train_images, found.test_images) == (12, 4)
    assert found.budget == '2 epochs'
    assert found.input_shape == (160, 160)
    assert found.metric_version == METRIC_VERSION
    assert len(found.classes) == 11
    # The same data in another folder.
    shutil.copytree(cfg.data_root, tmp_path / 'moved')
    set_data_root(cfg, str(tmp_path / 'moved'))
    assert Protocol.of_config(cfg, 'tiny').hash == found.hash
    # Other pictures of as many, and images that come twice in an epoch.
    other = Config.fromfile(tiny_config)
    set_data_root(other, str(tmp_path / 'other'))
    for loader in (other.train_dataloader, other.test_dataloader):
        loader.dataset.spec.seed = 5
    other.train_dataloader.dataset = dict(
        type='RepeatDataset', times=2, dataset=other.train_dataloader.dataset
    )
    differences = ' '.join(found.differences(Protocol.of_config(other, 'other')))
    assert 'evaluated images' in differences
    assert 'training images' in differences
    assert 'images trained on' not in differences


def test_joined_data_sets_may_have_the_same_ids(tiny_config: Path, tmp_path: Path):
    cfg = Config.fromfile(tiny_config)
    alone = Protocol.of_config(cfg, 'tiny')
    shutil.copytree(cfg.data_root, tmp_path / 'more')
    one = cfg.train_dataloader.dataset
    more = dict(one, data_root=str(tmp_path / 'more'))
    cfg.train_dataloader.dataset = dict(type='ConcatDataset', datasets=[one, more])
    joined = Protocol.of_config(cfg, 'joined')
    assert (alone.train_images, joined.train_images) == (12, 24)
    assert alone.train_digest != joined.train_digest


def test_data_without_image_labels_are_refused(tiny_config: Path):
    cfg = Config.fromfile(tiny_config)
    Protocol.of_config(cfg, 'tiny')  # makes the data
    dataset = cfg.test_dataloader.dataset
    dataset.type = 'CocoDataset'
    dataset.pop('spec')
    with pytest.raises(UsageError, match='mine.py: CocoDataset gives no image labels'):
        Protocol.of_config(cfg, 'mine.py')


def test_input_size_must_be_known(tiny_config: Path):
    cfg = Config.fromfile(tiny_config)
    cfg.test_dataloader.dataset.pipeline = []
    cfg.pop('test_pipeline')
    with pytest.raises(UsageError, match='mine.py: its test pipeline has no Resize'):
        Protocol.of_config(cfg, 'mine.py')


@pytest.mark.parametrize(
    ('part', 'value', 'words'),
    [
        ('test_images', 4, 'images evaluated: 300 and 4'),
        ('test_digest', 'cccc', '(digest): aaaa and cccc'),
        ('unlabelled', 0, 'images without labels: 2 and 0'),
        ('not_scored', 0, 'cells not scored: 5 and 0'),
        ('classes', ('cat', 'cow'), "classes: 'dog' and 'cow'"),
        ('classes', ('cat',), 'classes: 2 and 1'),
        ('train_images', 6, 'images trained on: 600 and 6'),
        ('train_digest', 'cccc', '(digest): bbbb and cccc'),
        ('budget', '1 epoch', 'budget: 8 epochs and 1 epoch'),
        ('input_shape', (32, 32), 'input size: (160, 320) and (32, 32)'),
        ('metric_version', 2, 'metric version: 1 and 2'),
    ],
)
def test_each_part_makes_a_difference(protocol, part, value, words):
    other = replace(protocol, **{part: value})
    assert other.hash != protocol.hash
    with pytest.raises(UsageError) as error:
        check_same({'a.py': protocol, 'b.py': protocol, 'c.py': other})
    assert 'a.py and c.py cannot stand in one table' in str(error.value)
    assert str(error.value).endswith(words)


def test_json_gives_the_protocol_back(protocol):
    assert Protocol.from_json(protocol.to_json()) == protocol
