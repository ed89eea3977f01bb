"""The figures at 0.5, at fitted thresholds and on images held out."""

from dataclasses import replace

import numpy as np
import pytest

from mmscanet.evaluation import (
    HeldOut,
    ScoreTable,
    compute_figures,
    compute_label_figures,
    cross_fit,
    fit_label_thresholds,
    format_fit,
    measure_thresholds,
)


def make_table(score, gt_score):
    gt_score = np.array(gt_score, dtype=np.int8)
    return ScoreTable(
        img_id=np.arange(len(gt_score)).astype(str),
        pred_score=np.array(score, dtype=np.float32),
        gt_score=gt_score,
        gt_area=np.zeros(gt_score.shape, dtype=np.float32),
        classes=np.array(['cat', 'dog']),
    )


@pytest.fixture
def table():
    # cat: hits at 0.75 and 0.25, a miss at 0.125; dog: a hit at 0.75, a miss at 0.5
    # and a cell that is not scored.
    score = [[0.75, 0.5], [0.25, 0.75], [0.125, 0.625]]
    return make_table(score, [[1, 0], [1, 1], [0, -1]])


def test_figures_by_hand(table):
    fitted = fit_label_thresholds(table, min_positives=1)
    assert fitted.values.tolist() == [0.1875, 0.625]
    fitted = replace(fitted, temperature=np.array([1.0, 1.0]))
    predicted = np.array([[True, True], [False, True], [True, True]])
    held_out = HeldOut(predicted, np.ones((3, 2)))
    measured = measure_thresholds(table, fitted, held_out, bins=2)

    labels = measured['labels']
    assert labels['at_0.5']['recall'].tolist() == [50, 100]
    assert labels['at_0.5']['precision'].tolist() == [100, 50]
    assert labels['fitted']['f1'].tolist() == [100, 100]
    assert labels['held_out']['precision'].tolist() == [50, 50]
    assert labels['held_out']['f1'] == pytest.approx([50, 200 / 3])
    overall = measured['overall']
    assert overall['at_0.5']['OF1'] == pytest.approx(100 * 2 * 2 / (3 + 3))
    assert overall['fitted']['CF1'] == 100
    # cat held out: hits 1 of 2 claims and 2 positives; dog: 1 of 2 and 1.
    assert overall['held_out']['OF1'] == pytest.approx(100 * 2 * 2 / (4 + 3))

    # Bins (0, 0.5] and (0.5, 1]. cat: |1 - 0.375| and |1 - 0.75| of 3; dog: 0.5 and
    # |1 - 0.75| of 2. All scores 1: 1 of 3 and 1 of 2 are wrong.
    ece = measured['calibration']
    assert ece['before'] == pytest.approx([100 * 0.875 / 3, 100 * 0.75 / 2])
    assert ece['after'] == pytest.approx(ece['before'])
    assert ece['held_out'] == pytest.approx([100 / 3, 50])

    cells = [line.split('|') for line in format_fit(measured, fitted).splitlines()]
    (cat,) = [row for row in cells if row[1:2] == [' cat   ']]
    assert [cell.strip() for cell in cat[2:-1]] == [
        *('2', '0.1875', '100.00 -> 100.00', '50.00 -> 100.00', '66.67 -> 100.00'),
        *('50.00', '29.17 -> 33.33', '1.00'),
    ]


def test_figures_are_those_of_the_protocol(table):
    fitted = fit_label_thresholds(table, min_positives=1)
    measured = measure_thresholds(table, fitted, None)
    for name, thr in (('at_0.5', 0.5), ('fitted', fitted.values)):
        overall = compute_figures(table, thr=thr)
        assert measured['overall'][name].items() <= overall.items()
        labels = compute_label_figures(table, thr=thr)
        assert measured['labels'][name]['f1'].tolist() == labels['F1'].tolist()
    assert 'held_out' not in measured['overall']
    text = format_fit(measured, fitted)
    assert 'held out |' in text
    assert 'fitted, images held out' not in text


def test_the_same_images_look_better_than_those_held_out():
    # Scores that say nothing about the labels: every gain is luck.
    rng = np.random.default_rng(0)
    table = make_table(rng.random((60, 2)), rng.random((60, 2)) < 0.3)
    fitted = fit_label_thresholds(table)
    held_out = cross_fit(table, folds=5, seed=0)
    overall = measure_thresholds(table, fitted, held_out)['overall']
    assert overall['fitted']['CF1_mean'] > overall['held_out']['CF1_mean'] + 1


def test_table_marks_and_explains_the_fallback(table):
    fitted = fit_label_thresholds(table, min_positives=2)
    text = format_fit(measure_thresholds(table, fitted, None), fitted)
    (row,) = [line for line in text.splitlines() if line.startswith('| dog')]
    assert f'{fitted.shared_threshold:.4f}*' in row
    assert '50.00 -> ' in row
    assert 'having fewer than 2 positives: dog' in text

    options = dict(objective='precision', target=0.9, min_positives=1)
    wrong = make_table([[0.75, 0.5], [0.25, 0.375]], [[1, 0], [0, 1]])
    fitted = fit_label_thresholds(wrong, **options)
    text = format_fit(measure_thresholds(wrong, fitted, None), fitted)
    assert 'having no threshold with precision 0.9: dog' in text
    assert 'fewer than' not in text
    assert '| precision held out |' in text


def test_label_without_positives_has_no_figures(table):
    table.gt_score[:, 1] = 0
    fitted = fit_label_thresholds(table, min_positives=1)
    text = format_fit(measure_thresholds(table, fitted, None), fitted)
    (row,) = [line for line in text.splitlines() if line.startswith('| dog')]
    assert '- -> -' in row
