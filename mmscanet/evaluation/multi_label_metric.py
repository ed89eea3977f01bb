"""The multi-label metric that runs and the score file share."""

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from mmdet.registry import METRICS
from mmengine.dist import all_reduce
from mmengine.logging import MMLogger, print_log

from mmscanet.errors import (
    ConfigError,
    DataError,
    UsageError,
    require_writable_file,
)

from .figures import compute_figures, compute_label_figures, labels_without_positives
from .label_metric import LabelMetric
from .report import format_figures, format_label_figures
from .score_table import SCORE_KEYS, ScoreTable
from .thresholds import LabelThresholds, Threshold

_ORIGIN = {
    'img_id': "PackMultiLabelInputs packs it: keep 'img_id' in its meta_keys",
    'gt_score': 'PackMultiLabelInputs packs it: end the pipeline with it',
    'gt_area': 'PackMultiLabelInputs packs it: end the pipeline with it',
    'pred_score': 'the model has to set it in predict, as SCANet does',
    'pred_object_score': 'only a model with an object branch sets it',
    'pred_context_score': 'only a model with a context branch sets it',
    'pred_scene_score': 'only a model with a scene branch sets it',
}


@METRICS.register_module()
class MultiLabelMetric(LabelMetric):
    """mAP, precision, recall and F1 of image labels, by ``docs/protocol.md``.

    Reads ``pred_score``, ``gt_score``, ``gt_area``, each (C,), and ``img_id``
    from every data sample, and ``pred_object_score``, ``pred_context_score`` and
    ``pred_scene_score`` where the model has these branches. The figures are named and
    defined in :func:`compute_figures`; they do not depend on the number of processes,
    on the order of the images or on images that a sampler hands out twice.

    Args:
        thr: the lowest score that counts as a prediction, or the path of a file
            with one for each label, see :class:`LabelThresholds`.
        topk: predictions for each image in the top-k figures.
        score_key: which scores to measure: ``pred_score`` (fused),
            ``pred_object_score``, ``pred_context_score`` or ``pred_scene_score``. Give
            the metric another ``prefix`` to measure several in one run.
        out_file: where to write the score file (.npz), see :class:`ScoreTable`;
            the main process writes it. None writes none.
        classwise: also print a table with a row for each label.
        skip_unlabelled: leave out images on which nothing is annotated.
        collect_device: ``'cpu'`` or ``'gpu'``, see ``BaseMetric``.
        prefix: of the figures' names, ``multi-label`` by default.
        collect_dir: see ``BaseMetric``.

    Raises:
        ConfigError: on an unknown ``score_key``, a ``topk`` below 1 or an
            ``out_file`` that is no npz file.
        OutputError: if ``out_file`` cannot be written.
        UsageError: if ``thr`` is not in [0, 1], or its file is missing, damaged or
            fitted on other scores than ``score_key``.
    """

    default_prefix = 'multi-label'

    def __init__(
        self,
        thr: Threshold = 0.5,
        topk: int = 3,
        score_key: str = 'pred_score',
        out_file: str | None = None,
        classwise: bool = False,
        skip_unlabelled: bool = True,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(thr, collect_device, prefix, collect_dir)
        if score_key not in SCORE_KEYS:
            raise ConfigError(
                f'score_key {score_key!r} is unknown; choose from '
                f'{", ".join(SCORE_KEYS)}'
            )
        if topk < 1:
            raise ConfigError(f'topk must be at least 1, not {topk}')
        if out_file is not None and not str(out_file).endswith('.npz'):
            raise ConfigError(f'out_file {out_file} must end in .npz')
        if out_file is not None:
            require_writable_file(out_file)
        if isinstance(self.thr, LabelThresholds):
            self.thr.check_score_key(score_key)
        self.topk = topk
        self.score_key = score_key
        self.out_file = out_file
        self.classwise = classwise
        self.skip_unlabelled = skip_unlabelled
        self._expected: int | None = None

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Keep the scores and the ground truth of one batch.

        Args:
            data_batch: not used.
            data_samples: what the model returned, as dicts.

        Raises:
            ConfigError: if a data sample lacks a field, or one is not (C,), C the
                number of classes.
            DataError: if a score is not a finite number.
        """
        for sample in data_samples:
            self.results.append(self._record(sample))

    def evaluate(self, size: int) -> dict[str, float]:
        """Collect the images of all processes and compute the figures.

        Args:
            size: number of images of the whole data set.

        Returns:
            The figures with their prefix, on every process.
        """
        # BaseMetric cuts what it collected to ``size``, counting on a sampler
        # that deals images out in turn. Uneven shards would lose images, so all
        # is collected here, and images that came twice are found by img_id.
        self._expected = size
        collected = torch.tensor(len(self.results))
        all_reduce(collected)
        return super().evaluate(int(collected))

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Compute, print and return the figures of all collected images.

        The score file comes last, and also where a figure cannot be computed: a
        fault of one is not to cost the other.

        Args:
            results: the records of :meth:`process`.

        Returns:
            The figures of :func:`compute_figures`, without prefix.

        Raises:
            DataError: if there are no images, or two images of one img_id, or no label
                that is scored.
            UsageError: if the thresholds are of other labels than the data.
        """
        try:
            table = ScoreTable.from_records(results, self.classes)
        except ValueError as error:
            raise DataError(str(error)) from error
        try:
            return self._report(table)
        except UsageError:
            raise
        except ValueError as error:
            raise DataError(str(error)) from error
        finally:
            if self.out_file is not None:
                table.save(self.out_file)

    def _report(self, table: ScoreTable) -> dict[str, float]:
        """Compute and print the figures, after warnings about what is missing."""
        if self._expected is not None and len(table.img_id) < self._expected:
            _warn(
                f'the data set has {self._expected} images, but only '
                f'{len(table.img_id)} different img_id were evaluated'
            )
        if absent := labels_without_positives(table):
            _warn(f'no image has these labels, the means omit them: {absent}')

        options = dict(score_key=self.score_key, skip_unlabelled=self.skip_unlabelled)
        thr = LabelThresholds.resolve(self.thr, table.classes, self.score_key)
        figures = compute_figures(table, thr=thr.values, topk=self.topk, **options)
        logger = MMLogger.get_current_instance()
        if self.classwise:
            label_figures = compute_label_figures(table, thr=thr.values, **options)
            logger.info('\n' + format_label_figures(label_figures, table.classes))
        text = format_figures(
            figures, score_key=self.score_key, thr=thr, topk=self.topk
        )
        logger.info('\n' + text)
        return figures

    def _record(self, sample: Mapping[str, object]) -> dict[str, object]:
        """Copy one image's fields to small arrays, checked one by one."""
        required = ('img_id', 'pred_score', 'gt_score', 'gt_area', self.score_key)
        for key in required:
            if key not in sample:
                raise ConfigError(f'a data sample has no {key}; {_ORIGIN[key]}')
        record: dict[str, object] = dict(
            img_id=str(sample['img_id']),
            gt_score=self._label_values(sample, 'gt_score').astype(np.int8),
            gt_area=self._label_values(sample, 'gt_area').astype(np.float32),
        )
        for key in SCORE_KEYS:
            if key not in sample:
                continue
            values = self._label_values(sample, key).astype(np.float32)
            if not np.isfinite(values).all():
                raise DataError(
                    f'{key} of image {sample["img_id"]} is not finite (NaN or inf); '
                    'did the training diverge?'
                )
            record[key] = values
        return record

    def _label_values(self, sample: Mapping[str, object], key: str) -> np.ndarray:
        """Copy a field that must hold one number for each label, (C,)."""
        values = sample[key]
        if isinstance(values, torch.Tensor):
            values = values.detach().cpu()
            # NumPy has no bfloat16.
            values = (values.float() if values.is_floating_point() else values).numpy()
        expected = (len(self.classes),)
        if np.shape(values) != expected:
            raise ConfigError(
                f'{key} of image {sample["img_id"]} has shape {np.shape(values)}, but '
                f'the data set has {expected[0]} classes; make num_classes of the '
                'model and the classes of the data set agree'
            )
        return np.array(values)


def _warn(message: str) -> None:
    """Log a warning to the run's logger."""
    print_log(message, logger='current', level=logging.WARNING)
