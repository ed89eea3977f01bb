"""Every figure of the protocol on cases small enough to do by hand."""

import numpy as np
import pytest
import torch
from mmpretrain.evaluation import MultiLabelMetric as PretrainMultiLabelMetric
from sklearn.metrics import average_precision_score, f1_score, precision_score

from mmscanet.evaluation import (
    ScoreTable,
    compute_figures,
    compute_label_figures,
    labels_without_positives,
)
from mmscanet.evaluation.functional import in_size_group, predict_topk

CHOICE = ('CP', 'CR', 'CF1', 'CF1_mean', 'OP', 'OR', 'OF1')


def make_table(score, gt_score, gt_area=None, **branches):
    gt_score = np.array(gt_score, dtype=np.int8)
    if gt_area is None:
        gt_area = 50.0 * 50.0 * (gt_score == 1)
    return ScoreTable(
        img_id=np.array([f'{row:03d}' for row in range(len(gt_score))]),
        pred_score=np.array(score, dtype=np.float32),
        gt_score=gt_score,
        gt_area=np.array(gt_area, dtype=np.float32),
        classes=np.array([f'label{column}' for column in range(gt_score.shape[1])]),
        **branches,
    )


def random_table(seed=0, images=120, labels=6, decimals=7):
    rng = np.random.default_rng(seed)
    score = rng.random((images, labels)).round(decimals)
    gt_score = rng.choice([-1, 0, 1], (images, labels), p=[0.1, 0.6, 0.3])
    return make_table(score, gt_score, rng.uniform(1, 2e4, gt_score.shape))


# Images down, labels across.
#            scores                    truth
#   image 0  .9   .8   .1   .2        1   0   0   1
#   image 1  .6   .4   .7   .1        1   1   0   0
#   image 2  .3   .2   .1   .9        1   0   0   1
SCORE = [[0.9, 0.8, 0.1, 0.2], [0.6, 0.4, 0.7, 0.1], [0.3, 0.2, 0.1, 0.9]]
TRUTH = [[1, 0, 0, 1], [1, 1, 0, 0], [1, 0, 0, 1]]


def test_threshold_figures_by_hand():
    figures = compute_figures(make_table(SCORE, TRUTH))
    # Label 0: predicted on 0 and 1, both right, one of three missed: P 1, R 2/3.
    # Label 1: predicted on 0, wrong: P 0, R 0. Label 3: on 2, right: P 1, R 1/2.
    # Label 2 has no positive and is in no mean; its false positive (image 1) is
    # in the overall figures: 5 predictions, 3 right, 6 cells present.
    cp, cr = (1 + 0 + 1) / 3, (2 / 3 + 0 + 1 / 2) / 3
    assert figures['CP'] == pytest.approx(100 * cp)
    assert figures['CR'] == pytest.approx(100 * cr)
    assert figures['CF1'] == pytest.approx(100 * 2 * cp * cr / (cp + cr))
    # F1 of the labels: 0.8, 0, 2/3. Their mean is not the harmonic mean above.
    assert figures['CF1_mean'] == pytest.approx(100 * (0.8 + 0 + 2 / 3) / 3)
    assert figures['OP'] == pytest.approx(100 * 3 / 5)
    assert figures['OR'] == pytest.approx(100 * 3 / 6)
    assert figures['OF1'] == pytest.approx(100 * 2 * 3 / (5 + 6))


def test_mean_average_precision_by_hand():
    figures = compute_figures(make_table(SCORE, TRUTH))
    # Label 0: all three present, AP 1. Label 1: the hit comes second, AP 1/2.
    # Label 3: both hits come first, AP 1. Label 2 is left out.
    assert figures['mAP'] == pytest.approx(100 * (1 + 1 / 2 + 1) / 3)


def test_top_k_in_both_readings_by_hand():
    figures = compute_figures(make_table(SCORE, TRUTH), topk=2)
    # Exactly two: {0, 1}, {2, 0}, {3, 0}: six predictions; right are label 0
    # three times and label 3 once, of six cells present.
    assert figures['OP_top2'] == pytest.approx(100 * 4 / 6)
    assert figures['OR_top2'] == pytest.approx(100 * 4 / 6)
    assert figures['CP_top2'] == pytest.approx(100 * (1 + 0 + 1) / 3)
    assert figures['CR_top2'] == pytest.approx(100 * (1 + 0 + 1 / 2) / 3)
    # Two at most with score >= 0.5: image 2 loses label 0 at 0.3.
    assert figures['OP_top2_thr'] == pytest.approx(100 * 3 / 5)
    assert figures['OR_top2_thr'] == pytest.approx(100 * 3 / 6)
    assert figures['CR_top2_thr'] == pytest.approx(100 * (2 / 3 + 0 + 1 / 2) / 3)


def test_top_k_takes_exactly_k_when_scores_tie():
    # The first of the class list wins, whatever the sorting algorithm.
    tied = predict_topk(np.full((1, 5), 0.5, dtype=np.float32), 3)
    assert tied.tolist() == [[True, True, True, False, False]]
    assert predict_topk(np.zeros((2, 2)), 3).all()


def test_default_top_k_is_three():
    score = [[0.9, 0.8, 0.7, 0.6]]
    figures = compute_figures(make_table(score, [[1, 1, 1, 1]]))
    assert figures['OR'] == 100
    assert figures['OR_top3'] == 75
    assert {f'{name}_top3{end}' for name in CHOICE for end in ('', '_thr')} < {*figures}


def test_threshold_is_inclusive():
    figures = compute_figures(make_table([[0.5, 0.25]], [[1, 1]]))
    assert figures['OR'] == 50
    assert compute_figures(make_table([[0.5, 0.25]], [[1, 1]]), thr=0.25)['OR'] == 100


def test_each_label_may_have_its_threshold():
    # As above, but label 0 from 0.25 on and label 1 from 0.9 on: label 0 is found on
    # all three images, label 1 is never claimed.
    thr = np.array([0.25, 0.9, 0.5, 0.5])
    figures = compute_figures(make_table(SCORE, TRUTH), thr=thr)
    assert figures['OP'] == pytest.approx(100 * 4 / 5)
    assert figures['OR'] == pytest.approx(100 * 4 / 6)
    labels = compute_label_figures(make_table(SCORE, TRUTH), thr=thr)
    assert labels['recall'][:2].tolist() == [100, 0]


@pytest.mark.parametrize('number', [0.1, 0.3, 0.7])
def test_one_number_is_the_same_as_that_number_for_each_label(number):
    table = random_table(decimals=1)  # scores that equal the number, but for rounding
    expected = compute_figures(table, thr=number)
    assert compute_figures(table, thr=np.full(6, number)) == expected


def test_nothing_predicted_gives_zeros():
    figures = compute_figures(make_table([[0.1, 0.2]], [[1, 0]]))
    assert [figures[name] for name in CHOICE] == [0] * 7


def test_cells_not_scored_count_nowhere():
    # The unscored cells are confident predictions that would be false positives
    # as 0 and, on image 1, the top of label 0's ranking.
    score = [[0.9, 0.2], [0.95, 0.8], [0.1, 0.7]]
    figures = compute_figures(make_table(score, [[1, -1], [-1, 1], [0, -1]]))
    for name in ('mAP', 'mAP_11point', 'mAP_envelope', 'CP', 'CR', 'OP', 'OR', 'OF1'):
        assert figures[name] == 100, name
    # Read as absent they do harm: the case can tell the two apart.
    absent = make_table(score, [[1, 0], [0, 1], [0, 0]])
    worse = compute_figures(absent, skip_unlabelled=False)
    assert worse['mAP'] < 100
    assert worse['OP'] == 50


def test_cell_not_scored_keeps_its_place_among_the_top_k():
    # Exactly one label is predicted, the unscored one: no claim, nothing found.
    figures = compute_figures(make_table([[0.9, 0.8]], [[-1, 1]]), topk=1)
    assert figures['OP_top1'] == figures['OR_top1'] == 0
    assert figures['OR'] == 100


def test_images_without_labels_are_left_out_and_counted():
    score, truth = [[0.9, 0.1], [0.8, 0.9]], [[1, 0], [0, 0]]
    figures = compute_figures(make_table(score, truth))
    assert (figures['num_images'], figures['num_unlabelled']) == (1, 1)
    assert figures['OP'] == 100
    kept = compute_figures(make_table(score, truth), skip_unlabelled=False)
    assert (kept['num_images'], kept['num_unlabelled']) == (2, 0)
    assert kept['OP'] == pytest.approx(100 / 3)


def test_image_with_difficult_objects_only_still_has_absent_labels():
    # As in the VOC devkit: image 1 shows label 1, difficult, so label 0 is
    # absent there and ranks above the hit.
    figures = compute_figures(make_table([[0.5, 0.1], [0.9, 0.9]], [[1, 0], [0, -1]]))
    assert (figures['num_images'], figures['num_unlabelled']) == (2, 0)
    assert figures['mAP'] == 50


def test_nothing_to_measure_is_an_error():
    with pytest.raises(ValueError, match='no image has a label'):
        compute_figures(make_table([[0.1]], [[0]]))


def test_label_without_positives_is_named():
    assert labels_without_positives(make_table(SCORE, TRUTH)) == ['label2']


@pytest.mark.parametrize(
    ('area', 'group'),
    [(1023, 'small'), (1024, 'medium'), (9215, 'medium'), (9216, 'large')],
)
def test_size_limits_are_those_of_coco(area, group):
    for name in ('small', 'medium', 'large'):
        assert in_size_group(np.array([area]), name).item() == (name == group)


def test_size_groups_by_hand():
    # Label 0 from the highest score: large hit, miss, small hit.
    # Label 1: small hit (below 0.5), no other image has it.
    score = [[0.9, 0.1], [0.8, 0.1], [0.7, 0.4]]
    truth = [[1, 0], [0, 0], [1, 1]]
    area = [[1e4, 0], [0, 0], [100, 100]]
    figures = compute_figures(make_table(score, truth, area), skip_unlabelled=False)
    # Small: the large hit is neither positive nor negative, so label 0's small
    # one comes second of two: AP 1/2. Label 1's comes first: AP 1.
    assert figures['mAP_small'] == pytest.approx(75)
    assert figures['recall_small'] == pytest.approx(50)
    assert figures['num_small'] == 2
    assert figures['mAP_large'] == figures['recall_large'] == 100
    assert figures['num_medium'] == 0
    assert not {'mAP_medium', 'recall_medium'} & {*figures}


def test_positive_of_unknown_area_is_in_no_size_group():
    figures = compute_figures(make_table([[0.9]], [[1]], [[0]]))
    assert [figures[f'num_{name}'] for name in ('small', 'medium', 'large')] == [0] * 3


@pytest.mark.parametrize('decimals', [1, 7])
def test_order_of_images_changes_nothing(decimals):
    table = random_table(decimals=decimals)
    order = np.random.default_rng(1).permutation(len(table.img_id))
    assert compute_figures(table.select(order)) == compute_figures(table)


@pytest.mark.parametrize('decimals', [1, 7])
def test_agrees_with_scikit_learn(decimals):
    table = random_table(decimals=decimals)
    figures = compute_figures(table, skip_unlabelled=False)
    ap, precision, f1 = [], [], []
    for score, truth in zip(table.pred_score.T, table.gt_score.T, strict=True):
        score, truth = score[truth >= 0], truth[truth >= 0]
        ap.append(average_precision_score(truth, score))
        precision.append(precision_score(truth, score >= 0.5))
        f1.append(f1_score(truth, score >= 0.5))
    assert figures['mAP'] == pytest.approx(100 * np.mean(ap))
    assert figures['CP'] == pytest.approx(100 * np.mean(precision))
    assert figures['CF1_mean'] == pytest.approx(100 * np.mean(f1))


@pytest.mark.parametrize('suffix', ['', '_top3'])
def test_agrees_with_mmpretrain(suffix):
    table = random_table(seed=3)
    figures = compute_figures(table, skip_unlabelled=False)
    choice = dict(topk=3) if suffix else dict(thr=0.5)
    for average, names in (
        ('macro', ('CP', 'CR', 'CF1_mean')),
        ('micro', ('OP', 'OR', 'OF1')),
    ):
        theirs = PretrainMultiLabelMetric.calculate(
            torch.tensor(table.pred_score),
            torch.tensor(table.gt_score),
            average=average,
            **choice,
        )
        ours = [figures[name + suffix] for name in names]
        assert ours == pytest.approx([float(value) for value in theirs[:3]], abs=1e-3)


def test_branches_are_measured_by_name():
    table = random_table()
    other = table.pred_score[::-1].copy()
    both = make_table(
        table.pred_score, table.gt_score, table.gt_area, pred_object_score=other
    )
    expected = compute_figures(make_table(other, table.gt_score, table.gt_area))
    assert compute_figures(both, score_key='pred_object_score') == expected
    with pytest.raises(ValueError, match='no pred_context_score here; choose from'):
        compute_figures(both, score_key='pred_context_score')


def test_label_figures_have_the_means_of_the_summary():
    table = random_table()
    figures, labels = compute_figures(table), compute_label_figures(table)
    for name, column in (('mAP', 'AP'), ('CP', 'precision'), ('CR', 'recall')):
        assert figures[name] == pytest.approx(labels[column].mean())
    assert np.isnan(compute_label_figures(make_table(SCORE, TRUTH))['AP'][2])
