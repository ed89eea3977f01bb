"""Thresholds of labels: their file, and which labels they are for."""

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from mmscanet.errors import ConfigError, DataError, MissingDataError, UsageError
from mmscanet.evaluation import LabelThresholds, read_threshold, sidecar_path

CLASSES = ('cat', 'dog', 'Vögel')


def fitted():
    return LabelThresholds(
        classes=CLASSES,
        values=np.array([0.1, 1 / 3, 1.0]),
        fallback=('dog',),
        positives=np.array([20, 3, 40]),
        temperature=np.array([0.5, 1.0, 4 / 3]),
        shared_threshold=1 / 3,
        objective='precision',
        target=0.9,
        min_positives=10,
        resamples=0,
        num_images=63,
        score_key='pred_object_score',
        scores='val.npz',
    )


def test_round_trip_keeps_every_digit(tmp_path):
    path = tmp_path / 'made' / 't.json'
    before = fitted()
    before.save(path)
    assert [file.name for file in path.parent.iterdir()] == ['t.json']
    after = LabelThresholds.load(path)
    assert after.source == path
    for field in fields(before):
        if field.name != 'source':
            one, other = getattr(before, field.name), getattr(after, field.name)
            np.testing.assert_array_equal(one, other, err_msg=field.name)
    assert after.values.dtype == np.float64


def test_file_has_a_line_for_each_label(tmp_path):
    path = tmp_path / 't.json'
    fitted().save(path)
    assert json.loads(path.read_text())['labels'][2]['threshold'] == 1.0
    lines = path.read_text(encoding='utf-8').splitlines()
    assert sum('"threshold"' in line for line in lines) == 3
    assert any('"Vögel"' in line for line in lines)


def test_file_written_by_hand_needs_label_and_threshold_only(tmp_path):
    path = tmp_path / 'hand.json'
    rows = [dict(label='cat', threshold=0.25), dict(label='dog', threshold=1)]
    path.write_text(json.dumps(dict(format_version=1, labels=rows)))
    thresholds = LabelThresholds.load(path)
    assert thresholds.classes == ('cat', 'dog')
    assert thresholds.values.tolist() == [0.25, 1.0]
    assert thresholds.positives is thresholds.temperature is thresholds.target is None


def spoil(**changes):
    """Return the text of a file with changed head, or changed first label."""
    rows = [dict(label='cat', threshold=0.5), dict(label='dog', threshold=0.5)]
    head = dict(format_version=1, labels=rows)
    for name, value in changes.items():
        (head if name in ('format_version', 'labels', 'target') else rows[0])[name] = (
            value
        )
    return json.dumps(head)


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('{"format_version": 1,', 'this is not JSON: Expecting'),
        ('\x80', 'this is not JSON'),
        ('[1]', 'no format_version'),
        ('{}', 'no format_version'),
        (spoil(format_version=2), r'format_version is 2, and this .* reads 1'),
        (spoil(labels={'cat': 0.5}), 'labels is not a list'),
        (spoil(labels=[]), 'no labels'),
        (spoil(label=7), 'object 1 of labels has no label'),
        (spoil(label='dog'), 'a label is there more than once'),
        (spoil(threshold='0.5'), 'threshold of "cat" is \'0.5\', not a number'),
        (spoil(threshold=None), 'threshold of "cat" is None, not a number'),
        (spoil(threshold=True), 'threshold of "cat" is True, not a number'),
        (spoil(threshold=1.5), r'threshold of "cat" is 1.5, not in \[0, 1\]'),
        (spoil(threshold=float('nan')), 'threshold of "cat" is nan'),
        (spoil(temperature=1.0), 'temperature of "dog" is None, not a number'),
        (spoil(target=2), r'target is 2, not a number in \[0, 1\]'),
    ],
)
def test_damaged_file_is_told_in_one_line_with_its_name(tmp_path, text, words):
    path = tmp_path / 'damaged.json'
    path.write_text(text, encoding='latin-1')
    with pytest.raises(DataError, match=f'damaged.json: .*{words}') as caught:
        LabelThresholds.load(path)
    assert '\n' not in str(caught.value)


def test_missing_file_says_what_makes_one(tmp_path):
    with pytest.raises(MissingDataError, match=r'absent\.json; tools/fit_thresholds'):
        LabelThresholds.load(tmp_path / 'absent.json')


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (dict(values=np.array([0.5])), r'threshold has shape \(1,\) for 3 labels'),
        (dict(positives=np.array([1, -1, 0])), 'positives of "dog" is -1'),
        (dict(temperature=np.array([1, np.inf, 1])), 'temperature of "dog" is inf'),
        (dict(temperature=np.array([1, 0.0, 1])), 'temperature of "dog" is 0.0'),
        (dict(fallback=('fish',)), 'unknown labels: "fish"'),
        (dict(objective='f2'), "objective is 'f2', not one of f1, precision"),
        (dict(score_key='score'), "score_key is 'score', not one of pred_score"),
        (dict(min_positives=-1), 'min_positives is -1, not a count'),
    ],
)
def test_fields_that_cannot_be_are_named(change, words):
    with pytest.raises(DataError, match=words):
        replace(fitted(), **change)


def test_number_is_shared_by_all_labels():
    thresholds = LabelThresholds.resolve(0.3, CLASSES)
    assert thresholds.classes == CLASSES
    assert thresholds.values.tolist() == [0.3] * 3
    assert thresholds.name == '0.3'
    assert LabelThresholds.resolve('0.3', CLASSES).values.tolist() == [0.3] * 3


def test_file_and_object_are_resolved_to_their_values(tmp_path):
    path = tmp_path / 't.json'
    fitted().save(path)
    for given in (path, str(path), LabelThresholds.load(path)):
        resolved = LabelThresholds.resolve(given, list(CLASSES), 'pred_object_score')
        assert resolved.values.tolist() == fitted().values.tolist()
        assert resolved.name == 't.json'


@pytest.mark.parametrize('number', [-0.1, 1.1, float('nan'), '7'])
def test_number_out_of_range_is_refused(number):
    with pytest.raises(ConfigError, match=f'threshold {number} is not in'):
        read_threshold(number)


def test_labels_that_differ_are_named():
    with pytest.raises(UsageError) as caught:
        fitted().check_classes(['cat', 'fish', 'Vögel', 'cow'])
    words = 'only the thresholds have: "dog"; only the model or the data has: '
    assert f'{words}"fish", "cow"' in str(caught.value)
    many = [f'class{number}' for number in range(7)]
    with pytest.raises(UsageError, match='"class4" and 2 more'):
        fitted().check_classes(many)


def test_another_order_is_refused_too():
    with pytest.raises(UsageError, match='another order, from "Vögel" on'):
        fitted().check_classes(['cat', 'Vögel', 'dog'])
    fitted().check_classes(np.array(CLASSES))


def test_scores_of_another_branch_are_refused():
    fitted().check_score_key('pred_object_score')
    LabelThresholds.shared(CLASSES, 0.5).check_score_key('pred_score')
    with pytest.raises(ConfigError, match='on pred_object_score, and pred_score is'):
        LabelThresholds.resolve(fitted(), CLASSES)


def test_sidecar_lies_beside_its_checkpoint():
    expected = Path('work/epoch_3.thresholds.json')
    assert sidecar_path('work/epoch_3.pth') == expected
