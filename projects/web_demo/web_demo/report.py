"""The HTML of the page: the labels with their bars, notes, the download link.

All text that comes from outside, file names and labels, is escaped here.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from html import escape

import numpy as np
from mmdet.structures import DetDataSample

from mmscanet.structures import EvidenceBox, LabelEvidence, Scores, passing_labels
from mmscanet.visualization.label_table import colour_of

from .pictures import FORMATS, Limits

BOXES_SHOWN = 3  # of a label; the JSON has more

EMPTY = '<p>No picture yet: drop some into the box, or click it.</p>'
LEGEND = (
    '<p class="hint legend"><b>In the picture</b>'
    '<span><i class="line"></i>where a label was read; thick: its best box</span>'
    '<span><i class="line dashed"></i>surroundings, as read with the best box</span>'
    '<span><i class="line red"></i>starred: passes only thanks to surroundings</span>'
    '<span>Bars at a box: object above, context below.</span></p>'
)


def limits_line(limits: Limits) -> str:
    """Write what the page accepts."""
    return (
        f'<p class="hint">{", ".join(FORMATS)}; at most {limits.pictures} pictures, '
        f'each up to {limits.megabytes:g} MB and {limits.megapixels:g} megapixels. '
        'They stay on the server for about an hour.</p>'
    )


def labels_section(
    name: str, sample: DetDataSample, thresholds: np.ndarray, classes: Sequence[str]
) -> str:
    """Write the labels of a picture that pass, each with its best boxes, as bars.

    Where none passes, say how close the closest came.

    Args:
        name: The picture's file name.
        sample: Its predictions.
        thresholds: (C,).
        classes: The C names.
    """
    labels = passing_labels(sample, thresholds, classes)
    shared = not np.ptp(thresholds)
    aim = f'reach {thresholds[0]:.2f}' if shared else 'reach their thresholds'
    text = f'<b>{escape(name)}</b>: {len(labels)} of {len(classes)} labels {aim}'
    if labels:
        # The scene, which SCANet+ reads, is a column where there is one.
        columns = Scores._fields[: 3 if labels[0].scores.scene is None else 4]
        head = ''.join(f'<th>{name}</th>' for name in ('label', *columns))
        rows = ''.join(row for label in labels for row in _label_rows(label, columns))
        return f'<p>{text}</p><table><tr>{head}</tr>{rows}</table>{LEGEND}'
    scores = sample.pred_score.numpy()
    best = int(np.argmax(scores - thresholds))
    return (
        f'<p>{text}. Closest: {escape(classes[best])} with {scores[best]:.2f} of '
        f'{thresholds[best]:.2f}</p>'
    )


def notes(messages: Iterable[str]) -> str:
    """Write what could not be read as a list, or nothing."""
    items = ''.join(f'<li>{escape(message)}</li>' for message in messages)
    return f'<ul role="alert">{items}</ul>' if items else ''


def download_link(content: dict) -> str:
    """Write a link that holds the JSON itself: no file is left on the server."""
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    data = base64.b64encode(text.encode()).decode()
    return (
        '<a download="labels.json" '
        f'href="data:application/json;base64,{data}">Download JSON</a>'
    )


def _label_rows(label: LabelEvidence, columns: Sequence[str]) -> Iterator[str]:
    kind = 'label context-only' if label.context_only else 'label'
    swatch = f'<i class="swatch" style="background:rgb{colour_of(label)}"></i>'
    badge = '<span class="badge">context only</span>' if label.context_only else ''
    name = f'{swatch}<span class="name">{escape(label.name)}</span>{badge}'
    yield _row(kind, name, label.scores, columns, label.threshold)
    for box in label.boxes[:BOXES_SHOWN]:
        yield _row('box', _box_text(box), box.scores, columns, label.threshold)
    rest = len(label.boxes) - BOXES_SHOWN
    if rest > 0:
        text = f'and {rest} more {"box" if rest == 1 else "boxes"}'
        yield f'<tr class="box"><th colspan="{1 + len(columns)}">{text}</th></tr>'


def _box_text(box: EvidenceBox) -> str:
    x1, y1, x2, y2 = (round(float(value)) for value in box.box)
    return f'box {x2 - x1} x {y2 - y1} at ({x1}, {y1})'


def _row(
    kind: str, first: str, scores: Scores, columns: Sequence[str], threshold: float
) -> str:
    """A row of a label or a box, with a cell for each score."""
    bars = (_bar(name, getattr(scores, name), threshold) for name in columns)
    return f'<tr class="{kind}"><th>{first}</th>{"".join(bars)}</tr>'


def _bar(name: str, value: float | None, threshold: float) -> str:
    """A cell with a bar from 0 to 1, the threshold marked on it, and the number."""
    if value is None:
        return '<td>–</td>'
    return (
        f'<td><span class="bar {name}"><i style="width:{100 * value:.1f}%"></i>'
        f'<u style="left:{100 * threshold:.1f}%"></u></span>{value:.2f}</td>'
    )
