"""Whether labels were read where their objects are, over a few images."""

import numpy as np
import pytest
import torch
from mmdet.registry import METRICS
from mmdet.structures import DetDataSample
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData

from mmscanet.errors import ConfigError, DataError, UsageError
from mmscanet.evaluation import EvidenceMetric, LabelThresholds

CLASSES = ('cat', 'dog')
LEFT, RIGHT = (0.0, 0.0, 10.0, 10.0), (50.0, 0.0, 60.0, 10.0)
WIDE = (40.0, 0.0, 70.0, 10.0)  # its centre is in RIGHT


def instances(*rows, scores=None):
    """Of rows (label, box)."""
    found = InstanceData(
        labels=torch.tensor([label for label, _ in rows], dtype=torch.long),
        bboxes=torch.tensor([box for _, box in rows]).reshape(-1, 4),
    )
    if scores is not None:
        found.scores = torch.tensor(scores)
    return found


def sample(predicted, truth, pred_score=(0.9, 0.9), doubtful=(), area=400.0):
    """An image with evidence of rows (label, box, score) and objects (label, box)."""
    made = DetDataSample()
    made.pred_instances = instances(
        *(row[:2] for row in predicted), scores=[row[2] for row in predicted]
    )
    made.pred_score = torch.tensor(pred_score)
    made.gt_instances = instances(*truth)
    made.ignored_instances = instances(*doubtful)
    present = torch.zeros(2, dtype=torch.int8)
    present[[label for label, _ in truth]] = 1
    made.gt_score = present
    made.gt_area = present * area
    return made


def evaluate(*samples, **options):
    evaluator = Evaluator([EvidenceMetric(**options)])
    evaluator.dataset_meta = dict(classes=CLASSES)
    return evaluator.offline_evaluate(list(samples))


def test_the_best_box_of_each_present_label_counts():
    figures = evaluate(
        # cat: the best box is right, a worse one wrong; dog: the other way round
        sample(
            [(0, LEFT, 0.6), (0, RIGHT, 0.5), (1, RIGHT, 0.5), (1, LEFT, 0.8)],
            [(0, LEFT), (1, RIGHT)],
        ),
        # cat: too wide, but its centre is right; no dog, whatever its box
        sample([(0, WIDE, 0.9), (1, LEFT, 0.9)], [(0, RIGHT)]),
    )
    assert figures['evidence/CorLoc'] == pytest.approx(25)  # (1/2 + 0/1) / 2
    assert figures['evidence/pointing'] == pytest.approx(50)
    assert figures['evidence/num'] == 3


def test_a_label_without_a_box_is_a_miss_also_where_there_are_none_at_all():
    figures = evaluate(
        sample([(0, LEFT, 0.9)], [(0, LEFT), (1, RIGHT)]),
        sample([], [(0, LEFT)]),
    )
    assert figures['evidence/CorLoc'] == pytest.approx(25)


def test_predicted_labels_by_a_number_and_by_thresholds(tmp_path):
    images = (
        sample([(0, LEFT, 0.9)], [(0, LEFT)], pred_score=(0.6, 0.0)),
        sample([(0, RIGHT, 0.9)], [(0, LEFT)], pred_score=(0.4, 0.0)),
    )
    figures = evaluate(*images)
    assert figures['evidence/CorLoc'] == pytest.approx(50)
    assert figures['evidence/CorLoc_predicted'] == pytest.approx(100)
    assert figures['evidence/num_predicted'] == 1
    LabelThresholds.shared(CLASSES, 0.4).save(tmp_path / 'thr.json')
    figures = evaluate(*images, thr=str(tmp_path / 'thr.json'))
    assert figures['evidence/num_predicted'] == 2  # 0.4 as float32 is above 0.4
    assert figures['evidence/CorLoc_predicted'] == pytest.approx(50)
    figures = evaluate(*images, thr=1.0)
    assert figures['evidence/num_predicted'] == 0
    assert 'evidence/CorLoc_predicted' not in figures


def test_all_boxes_of_labels_that_are_present_and_predicted():
    images = (
        # two cats, one with a box; a box beside them; one that is below the threshold
        sample(
            [(0, LEFT, 0.9), (0, (80.0, 0.0, 90.0, 10.0), 0.7), (0, RIGHT, 0.4)],
            [(0, LEFT), (0, RIGHT)],
            pred_score=(0.9, 0.0),
        ),
        # a dog, and no dog where the other is
        sample([(1, LEFT, 0.9)], [(1, LEFT)], pred_score=(0.0, 0.9)),
        sample([(1, LEFT, 0.9)], [], pred_score=(0.0, 0.9)),
        # a dog that is not predicted, and one whose second box is on a difficult dog
        sample([(1, LEFT, 0.4)], [(1, LEFT)], pred_score=(0.0, 0.4)),
        sample(
            [(1, LEFT, 0.9), (1, RIGHT, 0.9)],
            [(1, LEFT)],
            pred_score=(0.0, 0.9),
            doubtful=[(1, RIGHT)],
        ),
    )
    figures = evaluate(*images)
    assert figures['evidence/box_precision'] == pytest.approx((50 + 100) / 2)
    assert figures['evidence/box_recall'] == pytest.approx((50 + 100) / 2)
    assert figures['evidence/num_boxes'] == 4
    figures = evaluate(*images, thr=0.4)
    assert figures['evidence/box_precision'] == pytest.approx((200 / 3 + 100) / 2)
    assert figures['evidence/box_recall'] == 100
    figures = evaluate(*images, thr=1.0)
    assert figures['evidence/num_boxes'] == 0
    assert 'evidence/box_precision' not in figures


def test_objects_of_a_label_without_a_box_are_not_found():
    figures = evaluate(sample([], [(0, LEFT)], pred_score=(0.9, 0.0)))
    assert figures['evidence/box_recall'] == 0
    assert figures['evidence/num_boxes'] == 0
    assert 'evidence/box_precision' not in figures


def test_boxes_are_shown_by_the_threshold_of_their_label(tmp_path):
    LabelThresholds(CLASSES, np.array([0.5, 0.8])).save(tmp_path / 'thr.json')
    found = [(label, box, 0.7) for label in (0, 1) for box in (LEFT, RIGHT)]
    truth = [(label, box) for label in (0, 1) for box in (LEFT, RIGHT)]
    figures = evaluate(sample(found, truth), thr=str(tmp_path / 'thr.json'))
    assert figures['evidence/num_boxes'] == 3  # both cats, the better dog
    assert figures['evidence/box_recall'] == 75


def test_the_lowest_overlap_is_a_choice():
    image = sample([(0, (0.0, 0.0, 6.0, 10.0), 0.9)], [(0, LEFT)])
    assert evaluate(image)['evidence/box_precision'] == 100
    figures = evaluate(image, iou_thr=0.7)
    assert figures['evidence/CorLoc'] == figures['evidence/box_precision'] == 0


def test_by_size():
    figures = evaluate(
        sample([(0, LEFT, 0.9)], [(0, LEFT)], area=100.0),
        sample([(0, RIGHT, 0.9)], [(0, LEFT)], area=1e5),
    )
    assert figures['evidence/CorLoc_small'] == 100
    assert figures['evidence/CorLoc_large'] == 0
    assert figures['evidence/num_medium'] == 0


def test_a_box_on_a_difficult_object_is_neither_hit_nor_miss():
    figures = evaluate(
        sample([(0, RIGHT, 0.9)], [(0, LEFT)], doubtful=[(0, RIGHT)]),
        sample([(0, LEFT, 0.9)], [(0, LEFT)], doubtful=[(1, RIGHT)]),
    )
    assert figures['evidence/CorLoc'] == 100
    assert figures['evidence/num_boxes'] == 1  # the second image's
    assert figures['evidence/box_recall'] == 100
    figures = evaluate(sample([(0, RIGHT, 0.9)], [(0, LEFT)], doubtful=[(1, RIGHT)]))
    assert figures['evidence/CorLoc'] == 0


def test_prints_the_figures(log):
    figures = evaluate(sample([(0, LEFT, 0.9)], [(0, LEFT), (1, RIGHT)]))
    (text,) = (message for message in log if 'CorLoc' in message)
    assert f'{figures["evidence/CorLoc"]:.2f}' in text
    assert 'score >= 0.5' in text
    assert f'{figures["evidence/box_recall"]:.2f}' in text
    cells = [cell.strip() for cell in text.splitlines()[-2].split('|')]
    assert cells[1:-1] == ['present and score >= 0.5', '100.00', '50.00', '1']


def test_what_cannot_be_measured_is_told():
    with pytest.raises(ConfigError, match='iou_thr must be above 0'):
        EvidenceMetric(iou_thr=0)
    with pytest.raises(DataError, match='there are no images'):
        EvidenceMetric().compute_metrics([])
    without = sample([], [(0, LEFT)])
    del without.gt_area
    with pytest.raises(ConfigError, match='has no gt_area'):
        evaluate(without)
    del without.pred_instances
    with pytest.raises(ConfigError, match='the model finds no boxes'):
        evaluate(without)


def test_labels_without_an_object_are_not_judged(log):
    # of both labels there is a crowd alone, and boxes were predicted or not
    crowd = sample([(0, LEFT, 0.9)], [], doubtful=[(0, LEFT), (1, RIGHT)])
    crowd.gt_score = torch.ones(2, dtype=torch.int8)
    assert evaluate(crowd) == {'evidence/num': 0}
    assert any('is LoadAnnotations in the test pipeline' in line for line in log)
    figures = evaluate(crowd, sample([(0, LEFT, 0.9)], [(0, LEFT)]))
    assert figures['evidence/CorLoc'] == 100
    assert figures['evidence/num'] == 1


def test_half_precision_is_read():
    image = sample([(0, LEFT, 0.9)], [(0, LEFT)])
    image.pred_score = image.pred_score.bfloat16()
    image.pred_instances.scores = image.pred_instances.scores.bfloat16()
    assert evaluate(image)['evidence/CorLoc'] == 100


def test_thresholds_of_other_labels_are_refused_before_the_first_image(tmp_path):
    LabelThresholds.shared(('cow', 'dog'), 0.4).save(tmp_path / 'thr.json')
    metric = EvidenceMetric(thr=str(tmp_path / 'thr.json'))
    with pytest.raises(UsageError, match='cow'):
        metric.dataset_meta = dict(classes=CLASSES)


def test_is_built_from_a_config():
    metric = METRICS.build(dict(type='EvidenceMetric', iou_thr=0.7))
    assert metric.iou_thr == 0.7
