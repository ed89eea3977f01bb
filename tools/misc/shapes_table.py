r"""Measure what the branches of SCANet do on ContextShapes; print a Markdown table.

    python tools/compare.py \
        configs/scanet/scanet_r18_fpn_shapes{,_object-only,_context-only}.py \
        --seeds 0 1 2 --out-dir OUT
    python tools/misc/shapes_table.py

The first command trains nine models; this one reads the score files that it left and
tells the labels that need context from the others.
"""

import argparse
import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

import numpy as np

from mmscanet.comparison import find_scores
from mmscanet.datasets.context_shapes import CONTEXT_CLASSES, sprites
from mmscanet.datasets.context_shapes.generator import annotation_file
from mmscanet.datasets.context_shapes.scene import LABELS
from mmscanet.engine.launch import report_usage_errors
from mmscanet.errors import MissingDataError
from mmscanet.evaluation import compute_figures, compute_label_figures, load_scores
from mmscanet.evaluation.functional import average_precision, threshold_counts

VARIANTS = {
    'full': 'scanet_r18_fpn_shapes',
    'object branch only': 'scanet_r18_fpn_shapes_object-only',
    'context branch only': 'scanet_r18_fpn_shapes_context-only',
}
COLUMNS = {
    'mAP': 'mAP',
    'context-dependent': 'mAP, context-dependent labels',
    'context-free': 'mAP, other labels',
    'mAP_small': 'mAP, small objects',
}


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--work-dir',
        type=Path,
        default=Path('work_dirs/compare'),
        metavar='DIR',
        help="folder of the runs, compare.py's --work-dir",
    )
    parser.add_argument(
        '--data-root',
        type=Path,
        default=Path('data/context_shapes'),
        metavar='DIR',
        help='folder of ContextShapes',
    )
    return parser


def measure(scores: Path) -> dict[str, float]:
    """The figures of a run, in percent."""
    table = load_scores(scores)
    figures = compute_figures(table)
    ap = compute_label_figures(table)['AP']
    needs_context = np.isin(table.classes, CONTEXT_CLASSES)
    return {
        'mAP': figures['mAP'],
        'context-dependent': float(np.nanmean(ap[needs_context])),
        'context-free': float(np.nanmean(ap[~needs_context])),
        'mAP_small': figures['mAP_small'],
    }


def baselines(annotations: Path) -> dict[str, float]:
    """Mean AP on the context-dependent labels of scores that need no model.

    Each knows how many objects of each look are in the scene, without a fault.

    Raises:
        MissingDataError: The annotations are not there.
    """
    if not annotations.is_file():
        raise MissingDataError(f'{annotations} does not exist: set --data-root')
    content = json.loads(annotations.read_text())
    classes = [category['name'] for category in content['categories']]
    counts = np.zeros((len(content['images']), len(classes)))
    for each in content['annotations']:
        counts[each['image_id'] - 1, each['category_id'] - 1] += 1

    def column(name: str) -> np.ndarray:
        return counts[:, classes.index(name)]

    partners = sum(column(name) for name in sprites.PARTNERS)
    looks, shares = [], []
    for labels in LABELS.values():
        look_alikes = sum(column(label) for label in labels.values())
        for partner, label in labels.items():
            present = (column(label) > 0).astype(np.int8)
            share = look_alikes * column(partner) / np.maximum(partners, 1)
            looks.append(average_precision(*threshold_counts(look_alikes, present)))
            shares.append(average_precision(*threshold_counts(share, present)))
    return {
        'number of look-alikes': 100 * float(np.mean(looks)),
        "the same, times the partner's share of partners": 100 * float(np.mean(shares)),
    }


def row(name: str, runs: list[dict[str, float]]) -> str:
    """A line of the table: mean and, of several runs, lowest to highest."""
    cells = [name]
    for key in COLUMNS:
        values = [run[key] for run in runs]
        cell = f'{np.mean(values):.1f}'
        if len(values) > 1:
            cell += f' ({min(values):.1f} to {max(values):.1f})'
        cells.append(cell)
    return f'| {" | ".join(cells)} |'


def make_table(args: Namespace) -> str:
    """Return what is printed."""
    lines = [f'| model | {" | ".join(COLUMNS.values())} |']
    lines.append('|---' * (1 + len(COLUMNS)) + '|')
    for variant, config in VARIANTS.items():
        runs = find_scores(args.work_dir, config)
        lines.append(row(variant, [measure(scores) for scores in runs.values()]))
    lines += ['', 'Without a model, mAP on the context-dependent labels:']
    found = baselines(annotation_file(args.data_root, 'val'))
    lines += [f'- {name}: {value:.1f}' for name, value in found.items()]
    return '\n'.join(lines)


def main() -> None:
    """Run the command."""
    args = build_parser().parse_args()
    with report_usage_errors():
        print(make_table(args))


if __name__ == '__main__':
    main()
