"""The analysis of context on tables whose truth is known by construction."""

import numpy as np
import pytest

from mmscanet.errors import UsageError
from mmscanet.evaluation import (
    LabelThresholds,
    ScoreTable,
    compute_figures,
    compute_label_figures,
)
from mmscanet.evaluation.context_analysis import (
    SCORES,
    analyze_context,
    format_analysis,
)
from mmscanet.evaluation.context_analysis.comparison import scores_of
from mmscanet.evaluation.functional import Estimate


def make_table(gt_score, scores, gt_area=None, classes=None):
    """Make a table from the scores of object branch, context branch and fusion.

    Of four, the third are those of a scene branch.
    """
    gt_score = np.array(gt_score, dtype=np.int8)
    if gt_area is None:
        gt_area = 50.0 * 50.0 * (gt_score == 1)
    if classes is None:
        classes = [f'label{column}' for column in range(gt_score.shape[1])]
    keys = [key for name, key in SCORES.items() if name != 'scene' or len(scores) == 4]
    return ScoreTable(
        img_id=np.array([f'{row:03d}' for row in range(len(gt_score))]),
        gt_score=gt_score,
        gt_area=np.array(gt_area, dtype=np.float32),
        classes=np.array(classes),
        **{
            key: np.array(score, dtype=np.float32)
            for key, score in zip(keys, scores, strict=True)
        },
    )


def random_table(seed=0, images=150, labels=5, branches=2):
    rng = np.random.default_rng(seed)
    gt_score = rng.choice([-1, 0, 1], (images, labels), p=[0.1, 0.6, 0.3])
    scores = rng.random((branches + 1, images, labels)) + 0.4 * (gt_score == 1)
    return make_table(gt_score, scores, rng.uniform(1, 2e4, gt_score.shape))


def hallucinating_table():
    """20 chairs at tables, 5 alone, 5 tables without, 20 images with a dog.

    The object branch is right everywhere. The context branch reads the table in
    place of the chair. The fusion is their mean.
    """
    rows = [(1, 1, 0)] * 20 + [(1, 0, 0)] * 5 + [(0, 1, 0)] * 5 + [(0, 0, 1)] * 20
    gt_score = np.array(rows)
    right = 0.1 + 0.8 * gt_score
    context = right.copy()
    context[:, 0] = right[:, 1]
    scores = right, context, (right + context) / 2
    return make_table(gt_score, scores, classes=['chair', 'table', 'dog'])


@pytest.mark.parametrize('branches', [2, 3])
def test_points_are_those_of_the_protocol(branches):
    table = random_table(branches=branches)
    analysis = analyze_context(table, draws=3)
    assert len(analysis.scores) == branches + 1
    for name in analysis.scores:
        key = SCORES[name]
        expected = compute_figures(table, score_key=key)
        found = {group: each.mAP[name].value for group, each in analysis.groups.items()}
        assert found.pop('all') == pytest.approx(expected['mAP'])
        assert found == pytest.approx({size: expected[f'mAP_{size}'] for size in found})
        assert len(found) == 3
        aps = [each.AP[name].value for each in analysis.labels]
        assert aps == pytest.approx(compute_label_figures(table, score_key=key)['AP'])
    positives = {group: each.positives for group, each in analysis.groups.items()}
    assert positives['all'] == (table.gt_score == 1).sum()
    assert positives['small'] == expected['num_small']


def one_label(gt_score, *scores, gt_area=None):
    """Make a table of one label; another one is scored on no image.

    An image with a cell that is not scored counts as annotated.
    """

    def column(values, other):
        return np.stack([values, np.full(len(values), other)], axis=1)

    return make_table(
        column(gt_score, -1),
        [column(score, 0.99) for score in scores],
        None if gt_area is None else column(gt_area, 0),
    )


def test_recalls_by_size_by_hand():
    # From the highest score: small hit, miss, large hit.
    score = (0.9, 0.8, 0.7)
    table = one_label((1, 0, 1), *[score] * 3, gt_area=(100, 0, 1e4))
    groups = analyze_context(table, precision=0.9, thr=0.85, draws=2).groups
    # Precise enough is the first hit alone. It is no positive of the large ones, of
    # which the miss is then the first.
    found = {
        name: (group.recall_at_precision['object'].value, group.recall['fusion'].value)
        for name, group in groups.items()
    }
    assert found == {'all': (50, 50), 'small': (100, 100), 'large': (0, 0)}


def test_common_operating_point_by_hand():
    table = one_label(
        (1, 0, 1, 1, 1, 0),
        (0.9, 0.8, 0.7, 0.6, 0.5, 0.2),  # hit, miss, hit, hit, hit: 4 of 5 at 0.5
        (0.9, 0.7, 0.8, 0.6, 0.4, 0.5),  # hit, hit, miss, hit: 3 of 4 at 0.6
        (0.9, 0.6, 0.5, 0.7, 0.1, 0.1),  # 3 of 4 at 0.5
    )
    points = analyze_context(table, thr=0.5, draws=2).operating_points
    found = {
        name: (pytest.approx(point.threshold), point.precision, point.recall)
        for name, point in points.items()
    }
    assert found == dict(
        object=(0.5, 80, 100), context=(0.6, 75, 75), fusion=(0.5, 75, 75)
    )


def test_context_that_copies_the_companion_misses_and_hallucinates():
    analysis = analyze_context(hallucinating_table(), thr=0.4, min_count=5)
    pairs = {each.label: each for each in analysis.recall.pairs}
    assert pairs['chair'].companion == 'table'
    assert (pairs['chair'].share, pairs['chair'].images) == (80, (20, 5))
    assert pairs['chair'].lift == pytest.approx(0.8 / 0.5)
    assert pairs['chair'].rates == dict(
        object=(100, 100), context=(100, 0), fusion=(100, 100)
    )
    alarms = {each.label: each for each in analysis.false_alarms.pairs}
    assert alarms['chair'].images == (5, 20)
    assert alarms['chair'].rates == dict(
        object=(0, 0), context=(100, 0), fusion=(100, 0)
    )
    # The table itself is read rightly by all; the means are of both labels.
    assert alarms['table'].rates['context'] == (0, 0)
    assert analysis.recall.difference['context - object'] == Estimate(50, 50, 50)
    assert analysis.false_alarms.difference['object'] == Estimate(0, 0, 0)
    assert analysis.false_alarms.beside['context'] == Estimate(50, 50, 50)
    assert analysis.without_companion == ['dog']


def test_common_precision_is_one_that_all_scores_reach():
    # The fusion is right in 70 of 75 at 0.4; the context branch nowhere in more than
    # 65 of 70, so all three are compared there.
    points = analyze_context(hallucinating_table(), thr=0.4).operating_points
    assert points['context'].precision == pytest.approx(100 * 65 / 70)
    assert points['fusion'].precision == pytest.approx(100 * 70 / 75)
    assert points['object'].precision == 100


def test_common_precision_is_that_at_the_labels_thresholds():
    gt_score = [[1, 0], [1, 0], [0, 1], [1, 0]]
    score = [[0.9, 0.1], [0.6, 0.6], [0.1, 0.7], [0.4, 0.2]]
    table = make_table(gt_score, [score] * 3)
    # Right are 2 of 3 at 0.8 and 0.5, as 4 of 6 at 0.2; 3 of 4 at 0.5 for both labels,
    # and no fewer down to 0.4.
    thr = LabelThresholds(('label0', 'label1'), np.array([0.8, 0.5]))
    for given, expected in ((thr, 0.2), (0.5, 0.4)):
        points = analyze_context(table, thr=given, draws=2).operating_points
        assert points['object'].threshold == pytest.approx(expected)


def test_thresholds_must_be_of_these_labels_and_of_the_fusion():
    table = random_table(labels=1)
    with pytest.raises(UsageError, match='other labels'):
        analyze_context(table, thr=LabelThresholds.shared(['cat'], 0.5))
    thr = LabelThresholds(('label0',), np.array([0.5]), score_key='pred_object_score')
    with pytest.raises(UsageError, match='fitted on pred_object_score'):
        analyze_context(table, thr=thr)


def test_equal_scores_do_not_differ_in_any_draw():
    rng = np.random.default_rng(0)
    gt_score = rng.choice([0, 1], (60, 3))
    table = make_table(gt_score, [rng.random((60, 3))] * 3)
    figures = analyze_context(table, draws=20).groups['all']
    for comparison in (figures.mAP, figures.recall_at_precision, figures.recall):
        assert comparison['context - object'] == Estimate(0, 0, 0)
    assert figures.mAP['object'].low < figures.mAP['object'].high


def test_intervals_tell_an_effect_from_noise():
    rng = np.random.default_rng(0)
    gt_score = rng.choice([0, 1], (200, 3))
    noise = rng.random((2, 200, 3))
    informed = rng.random((200, 3)) + 0.5 * gt_score
    gain = analyze_context(make_table(gt_score, (*noise, informed))).groups['all'].mAP
    assert gain['context - object'].low < 0 < gain['context - object'].high
    assert gain['fusion - object'].low > 10


def test_draws_depend_on_the_seed_alone():
    first, again, other = (
        analyze_context(random_table(), draws=5, seed=seed).groups for seed in (1, 1, 2)
    )
    assert first == again
    assert first['all'].mAP['object'].value == other['all'].mAP['object'].value
    assert first['all'].mAP['object'] != other['all'].mAP['object']


def test_cells_that_are_not_scored_change_nothing():
    table = random_table()
    doubtful = table.gt_score == -1
    scores = [np.where(doubtful, 2, each) for each in scores_of(table).values()]
    changed = make_table(table.gt_score, scores, table.gt_area)
    options = dict(min_count=1, min_lift=0, draws=5)
    found = analyze_context(changed, **options)
    assert found == analyze_context(table, **options)
    assert len(found.recall.pairs) == 5


def test_images_without_annotation_are_left_out_and_counted():
    table = make_table([[1], [0]], [[[0.5], [0.9]]] * 3)
    analysis = analyze_context(table, draws=2)
    assert (analysis.images, analysis.unlabelled) == (1, 1)
    assert analysis.groups['all'].mAP['fusion'].value == 100


def test_label_without_positives_is_in_no_figure():
    table = make_table([[1, 0], [1, 0]], [[[0.9, 0.1]] * 2] * 3)
    analysis = analyze_context(table, draws=2)
    assert [each.label for each in analysis.labels] == ['label0']
    assert analysis.groups['all'].mAP['object'] == Estimate(100, 100, 100)
    assert {*analysis.groups} == {'all', 'medium'}


def test_model_without_a_branch_is_refused():
    table = random_table()
    one = ScoreTable(
        img_id=table.img_id,
        pred_score=table.pred_score,
        pred_object_score=table.pred_object_score,
        gt_score=table.gt_score,
        gt_area=table.gt_area,
        classes=table.classes,
    )
    with pytest.raises(ValueError, match='there is no pred_context_score here'):
        analyze_context(one)


def test_tables_that_cannot_be_compared_are_refused():
    with pytest.raises(ValueError, match='no image has a label that is scored'):
        analyze_context(make_table([[0]], [[[0.1]]] * 3))
    with pytest.raises(ValueError, match='at threshold 0.5; name a lower one'):
        analyze_context(make_table([[1], [1]], [[[0.4], [0.1]]] * 3))


def test_tables_are_regular_and_hold_the_figures():
    analysis = analyze_context(hallucinating_table(), thr=0.4, min_count=5)
    text = format_analysis(analysis, precision=0.9, thr='0.4')
    assert 'Labels without a usual companion: dog.' in text
    assert '50 images (0 without labels left out)' in text
    chair = [
        line.split('|')[1:-1]
        for line in text.splitlines()
        if line.startswith('| chair')
    ]
    by_label, recall, false_alarms = ([cell.strip() for cell in row] for row in chair)
    assert by_label[:3] == ['chair', '25', '100.0']
    assert recall == [
        *('chair', 'table', '80 %', '1.60', '20 / 5'),
        *('100.0 / 100.0', '100.0 / 0.0', '100.0 / 100.0'),
    ]
    assert false_alarms[4:] == ['5 / 20', '0.0 / 0.0', '100.0 / 0.0', '100.0 / 0.0']
    assert '+50.0 (+50.0 to +50.0)' in text
    for table in text.split('\n\n'):
        if table.startswith('|'):
            assert len({line.count('|') for line in table.splitlines()}) == 1


def test_table_without_pairs_shows_no_figures():
    text = format_analysis(analyze_context(random_table()), precision=0.9, thr='0.5')
    (row,) = (line for line in text.splitlines() if 'false alarms, difference' in line)
    assert [cell.strip() for cell in row.split('|')[2:-1]] == ['0', *'-----']
