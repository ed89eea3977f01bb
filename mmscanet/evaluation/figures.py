"""From a score table to the figures: one pure function for runs and files."""

import numpy as np

from .functional import (
    SIZE_GROUPS,
    average_precision,
    eleven_point_average_precision,
    enveloped_average_precision,
    precision_recall_f1,
    predict_at_threshold,
    predict_topk,
    threshold_counts,
)
from .score_table import ScoreTable

#: To be raised with every change after which equal scores give another figure, so that
#: figures of before and after are not put in one table.
METRIC_VERSION = 1


def compute_figures(
    table: ScoreTable,
    *,
    score_key: str = 'pred_score',
    thr: float | np.ndarray = 0.5,
    topk: int = 3,
    skip_unlabelled: bool = True,
) -> dict[str, float]:
    """Compute every figure of ``docs/protocol.md``, in percent.

    Args:
        table: scores and ground truth of N images.
        score_key: which scores to measure: ``pred_score`` (fused),
            or that of a branch, such as ``pred_object_score``.
        thr: the lowest score that counts as a prediction, one for all labels or
            (C,), one for each.
        topk: predictions for each image in the top-k figures.
        skip_unlabelled: leave out images on which nothing is annotated.

    Returns:
        The figures by name, without prefix; with ``topk`` = 3:

        - ``mAP``, ``mAP_11point`` (VOC 2007 devkit), ``mAP_envelope`` (VOC 2012
          devkit): means over the labels that have positives.
        - ``CP``, ``CR``, ``CF1``, ``CF1_mean``, ``OP``, ``OR``, ``OF1`` at score
          >= ``thr``; the same with ``_top3`` for exactly three labels an image,
          and with ``_top3_thr`` for three at most, with score >= ``thr``.
        - ``mAP_small``, ``recall_small`` and ``num_small`` (a count), and so on
          for ``medium`` and ``large``; a group without positives has
          ``num_small`` = 0 and neither of the other two.
        - ``num_images`` and ``num_unlabelled``: images measured and left out.

    Raises:
        ValueError: if no image has a label that is scored.
    """
    num_unlabelled = 0
    if skip_unlabelled:
        labelled = has_annotations(table.gt_score)
        num_unlabelled = int((~labelled).sum())
        table = table.select(labelled)
    gt_score, score = table.gt_score, table.scores(score_key)
    if not (gt_score == 1).any():
        raise ValueError('no image has a label that is scored: nothing to measure')

    at_thr = predict_at_threshold(score, thr)
    top = predict_topk(score, topk)
    figures = _average_precisions(score, gt_score)
    figures |= choice_figures(at_thr, gt_score)
    figures |= choice_figures(top, gt_score, f'_top{topk}')
    figures |= choice_figures(top & at_thr, gt_score, f'_top{topk}_thr')
    for group in SIZE_GROUPS:
        figures |= _size_group(score, at_thr, table, group)
    figures |= dict(num_images=len(gt_score), num_unlabelled=num_unlabelled)
    return figures


def compute_label_figures(
    table: ScoreTable,
    *,
    score_key: str = 'pred_score',
    thr: float | np.ndarray = 0.5,
    skip_unlabelled: bool = True,
) -> dict[str, np.ndarray]:
    """Compute the figures of each label, in percent.

    Arguments are those of :func:`compute_figures`.

    Returns:
        (C,) arrays: ``positives`` (a count), ``AP``, ``precision``, ``recall``,
        ``F1``. Without positives the latter four are nan.
    """
    if skip_unlabelled:
        table = table.select(has_annotations(table.gt_score))
    score = table.scores(score_key)
    choice = precision_recall_f1(predict_at_threshold(score, thr), table.gt_score)
    aps = [
        average_precision(*counts) for counts in _label_counts(score, table.gt_score)
    ]
    return dict(
        positives=(table.gt_score == 1).sum(axis=0),
        AP=100 * np.array(aps),
        precision=100 * choice['precision'],
        recall=100 * choice['recall'],
        F1=100 * choice['f1'],
    )


def choice_figures(
    predicted: np.ndarray, gt_score: np.ndarray, suffix: str = ''
) -> dict[str, float]:
    """Per-class and overall precision, recall and F1 of one choice, in percent.

    Args:
        predicted: (N, C) bool, the labels that were chosen.
        gt_score: (N, C) 1 present, 0 absent, -1 not scored.
        suffix: of the figures' names.

    Returns:
        ``CP``, ``CR``, ``CF1``, ``CF1_mean``, ``OP``, ``OR``, ``OF1``.
    """
    choice = precision_recall_f1(predicted, gt_score)
    cp, cr = np.nanmean(choice['precision']), np.nanmean(choice['recall'])
    figures = dict(
        CP=cp,
        CR=cr,
        CF1=2 * cp * cr / (cp + cr) if cp + cr > 0 else 0.0,
        CF1_mean=np.nanmean(choice['f1']),
        OP=choice['overall_precision'],
        OR=choice['overall_recall'],
        OF1=choice['overall_f1'],
    )
    return {name + suffix: 100 * float(value) for name, value in figures.items()}


def has_annotations(gt_score: np.ndarray) -> np.ndarray:
    """Tell on which images anything is annotated, (N, C) -> (N,) bool.

    An image with cells that are not scored is not empty: on a VOC image with
    difficult objects only, the devkit counts every other class as absent.
    """
    return (gt_score != 0).any(axis=1)


def labels_without_positives(table: ScoreTable) -> list[str]:
    """Name the classes that no image has: they are left out of all means."""
    absent = ~(table.gt_score == 1).any(axis=0)
    return [str(name) for name in table.classes[absent]]


def _label_counts(
    score: np.ndarray, gt_score: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Count each label's predictions by threshold, over its scored images."""
    return [
        threshold_counts(score[scored, label], gt_score[scored, label] == 1)
        for label, scored in enumerate((gt_score >= 0).T)
    ]


def _average_precisions(score: np.ndarray, gt_score: np.ndarray) -> dict[str, float]:
    """Means over labels of the three average precisions."""
    definitions = dict(
        mAP=average_precision,
        mAP_11point=eleven_point_average_precision,
        mAP_envelope=enveloped_average_precision,
    )
    counts = _label_counts(score, gt_score)
    return {
        name: 100 * float(np.nanmean([ap(*pair) for pair in counts]))
        for name, ap in definitions.items()
    }


def _size_group(
    score: np.ndarray, predicted: np.ndarray, table: ScoreTable, group: str
) -> dict[str, float]:
    """AP and overall recall of the positives whose largest instance fits.

    Negatives are all negatives; positives of other sizes are not scored.
    """
    gt_score = table.gt_score_of(group)
    wanted = gt_score == 1
    figures: dict[str, float] = {f'num_{group}': int(wanted.sum())}
    if wanted.any():
        aps = [average_precision(*counts) for counts in _label_counts(score, gt_score)]
        figures[f'mAP_{group}'] = 100 * float(np.nanmean(aps))
        figures[f'recall_{group}'] = 100 * float(predicted[wanted].mean())
    return figures
