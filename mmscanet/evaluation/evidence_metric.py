"""Is the evidence right? Whether labels were read where their objects are."""

import logging
from collections.abc import Mapping, Sequence

import numpy as np
from mmdet.registry import METRICS
from mmengine.logging import MMLogger, print_log

from mmscanet.errors import ConfigError, DataError
from mmscanet.structures import label_boxes
from mmscanet.structures.label_evidence import to_numpy

from .functional import (
    SIZE_GROUPS,
    in_size_group,
    match_objects,
    mean_hit_rate,
    mean_share,
    points_at_object,
)
from .functional.localisation import HIT, MISS, NOT_JUDGED
from .label_metric import LabelMetric
from .report import draw_table, format_number
from .thresholds import LabelThresholds, Threshold


@METRICS.register_module()
class EvidenceMetric(LabelMetric):
    """Whether the boxes of a label that is present lie on objects of it.

    Reads ``pred_instances``, ``pred_score``, ``gt_instances``, ``gt_score`` and
    ``gt_area`` from every data sample, boxes in pixels of the original image, and
    ``ignored_instances`` where there are any; so the test pipeline loads boxes after it
    has resized the image. The boxes of a label are those of
    :func:`~mmscanet.structures.label_boxes`, which users are shown; the best box is the
    first, which pictures draw bold.

    The figures are in percent, each the mean over labels of a share:

    - ``CorLoc``: of the images, in which the best box and an object of the label have
      an intersection over union of ``iou_thr`` at least (T. Deselaers et al., "Weakly
      Supervised Localization and Learning with Generic Knowledge", IJCV 2012). A label
      without a box is a miss.
    - ``pointing``: of the images, in which the centre of that box is in an object's.
    - Both with ``_predicted``, of the labels that are predicted too, and with
      ``_small``, ``_medium`` and ``_large`` by the label's largest object;
      ``num``, ``num_predicted`` and so on count the labels that are judged, each once
      an image. A group without any has its count only.
    - ``box_precision``: of all boxes of the labels of ``num_predicted``, those on an
      object of their own, as in ``CorLoc``; ``num_boxes`` counts the boxes. Those on an
      ignored instance alone, which are neither hit nor miss, do not count; nor does a
      label whose best box is so by both figures above.
    - ``box_recall``: of the objects of those labels, those that have such a box.
      Ignored instances are none.

    A label all of whose objects are crowds is not judged.

    Args:
        thr: The lowest score that counts as a prediction, or the path of a file with
            one for each label, see :class:`LabelThresholds`. It tells which boxes are
            shown, too.
        iou_thr: See ``CorLoc``.
        collect_device: ``'cpu'`` or ``'gpu'``, see ``BaseMetric``.
        prefix: Of the figures' names, ``evidence`` by default.
        collect_dir: See ``BaseMetric``.

    Raises:
        ConfigError: If ``iou_thr`` is not above 0 and at most 1.
        UsageError: See :func:`read_threshold`.
    """

    default_prefix = 'evidence'

    def __init__(
        self,
        thr: Threshold = 0.5,
        iou_thr: float = 0.5,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(thr, collect_device, prefix, collect_dir)
        if not 0 < iou_thr <= 1:
            raise ConfigError(f'iou_thr must be above 0 and at most 1, not {iou_thr}')
        self.iou_thr = iou_thr

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Judge the boxes of each label that is present.

        Args:
            data_batch: Not used.
            data_samples: What the model returned, as dicts.

        Raises:
            ConfigError: A data sample lacks a field.
            UsageError: The thresholds are of other labels than the data.
        """
        thr = LabelThresholds.resolve(self.thr, self.classes)
        for sample in data_samples:
            self.results.append(self._judge(sample, thr.values))

    def compute_metrics(self, results: list[dict[str, np.ndarray]]) -> dict[str, float]:
        """Compute, print and return the figures of all images.

        Args:
            results: What :meth:`process` kept.

        Returns:
            The figures, without prefix. None but ``num`` where no image has a label
            with a box, which is warned of.

        Raises:
            DataError: There are no images.
        """
        if not results:
            raise DataError('EvidenceMetric: there are no images')
        columns = {key: np.stack([each[key] for each in results]) for key in results[0]}
        thr = LabelThresholds.resolve(self.thr, self.classes)
        judged = columns['CorLoc'] != NOT_JUDGED
        judged |= columns['pointing'] != NOT_JUDGED
        if not judged.any():
            print_log(
                'EvidenceMetric: no image has a label with a box; is LoadAnnotations '
                'in the test pipeline, after Resize?',
                logger='current',
                level=logging.WARNING,
            )
            return dict(num=0)
        groups = {
            '': judged,
            '_predicted': judged & (columns['pred_score'] >= thr.values),
        }
        for size in SIZE_GROUPS:
            groups[f'_{size}'] = judged & in_size_group(columns['gt_area'], size)
        figures = {}
        for suffix, counted in groups.items():
            figures[f'num{suffix}'] = int(counted.sum())
            for name in ('CorLoc', 'pointing'):
                rate = mean_hit_rate(columns[name], counted)
                if not np.isnan(rate):
                    figures[name + suffix] = 100 * rate
        right, boxes, objects = (
            np.where(groups['_predicted'], columns[each], 0).sum(0)
            for each in ('right', 'boxes', 'objects')
        )
        figures['num_boxes'] = int(boxes.sum())
        for name, total in (('box_precision', boxes), ('box_recall', objects)):
            share = mean_share(right, total)
            if not np.isnan(share):
                figures[name] = 100 * share
        logger = MMLogger.get_current_instance()
        logger.info('\n' + format_evidence_figures(figures, thr))
        return figures

    def _judge(
        self, sample: Mapping[str, object], thresholds: np.ndarray
    ) -> dict[str, np.ndarray]:
        """``CorLoc`` and ``pointing`` of an image's labels, (C,), and what tells them.

        With them how many ``objects`` a label has, how many of its ``boxes`` are judged
        and how many are ``right``. Only labels that are present and have a box that is
        no crowd are judged.
        """
        if 'pred_instances' not in sample:
            raise ConfigError(
                'EvidenceMetric: the model finds no boxes; take the metric out of '
                'val_evaluator and test_evaluator'
            )
        for key in ('pred_score', 'gt_score', 'gt_area', 'gt_instances'):
            if key not in sample:
                raise ConfigError(
                    f'EvidenceMetric: a data sample has no {key}; end the pipeline '
                    'with PackMultiLabelInputs'
                )
        objects = _boxes_by_label(sample['gt_instances'])
        doubtful = _boxes_by_label(sample.get('ignored_instances', {}))
        gt_score = to_numpy(sample['gt_score'])
        judged = {
            name: np.full(len(gt_score), NOT_JUDGED, dtype=np.int8)
            for name in ('CorLoc', 'pointing')
        }
        counts = {
            name: np.zeros(len(gt_score), dtype=np.int64)
            for name in ('objects', 'boxes', 'right')
        }
        for label in objects.keys() & {*np.flatnonzero(gt_score == 1)}:
            there = objects[label]
            counts['objects'][label] = len(there)
            found = label_boxes(label, sample['pred_instances'], thresholds[label])
            if not found:
                judged['CorLoc'][label] = judged['pointing'][label] = MISS
                continue
            boxes = np.stack([each.box for each in found])
            doubt = doubtful.get(label, np.zeros((0, 4)))
            hits = match_objects(boxes, there, doubt, self.iou_thr)
            judged['CorLoc'][label] = hits[0]
            judged['pointing'][label] = points_at_object(boxes[0], there, doubt)
            counts['boxes'][label] = (hits != NOT_JUDGED).sum()
            counts['right'][label] = (hits == HIT).sum()
        return {
            **judged,
            **counts,
            'gt_area': to_numpy(sample['gt_area']),
            'pred_score': to_numpy(sample['pred_score']).astype(np.float64),
        }


def _boxes_by_label(instances: Mapping[str, object]) -> dict[int, np.ndarray]:
    """The boxes (n, 4) of each label that has any."""
    if not len(instances.get('labels', ())):
        return {}
    labels, boxes = to_numpy(instances['labels']), to_numpy(instances['bboxes'])
    return {int(label): boxes[labels == label] for label in np.unique(labels)}


def format_evidence_figures(figures: Mapping[str, float], thr: LabelThresholds) -> str:
    """Lay out the figures of :class:`EvidenceMetric` as a table."""
    limit = thr.name if thr.source is None else 'fitted'
    rows = {'present': '', f'and score >= {limit}': '_predicted'}
    rows |= {f'largest object {size}': f'_{size}' for size in SIZE_GROUPS}
    names = ('CorLoc', 'pointing', 'num')
    body = [
        [row, *(format_number(figures.get(name + suffix)) for name in names)]
        for row, suffix in rows.items()
    ]
    shares = ('box_precision', 'box_recall', 'num_boxes')
    table = draw_table(
        [
            [['best box of a label', 'CorLoc', 'pointing', 'labels'], *body],
            [
                ['all boxes of a label', 'precision', 'recall', 'boxes'],
                [
                    f'present and score >= {limit}',
                    *(format_number(figures.get(name)) for name in shares),
                ],
            ],
        ]
    )
    return f'evidence, on an object of its label\n{table}'
