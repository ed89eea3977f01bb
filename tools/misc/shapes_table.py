"""Train SCANet and its single branches on ContextShapes; print a Markdown table.

``python tools/misc/shapes_table.py --seeds 0 1 2`` runs nine trainings, one after
the other. A run whose score file is there already is only measured, so that an
interrupted table goes on where it stopped.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from mmscanet.datasets.context_shapes import CONTEXT_CLASSES, sprites
from mmscanet.datasets.context_shapes.generator import annotation_file
from mmscanet.datasets.context_shapes.scene import LABELS
from mmscanet.evaluation import ScoreTable, compute_figures, compute_label_figures
from mmscanet.evaluation.functional import average_precision, threshold_counts

ROOT = Path(__file__).resolve().parents[2]
VARIANTS = {
    'full': 'scanet_r18_fpn_shapes.py',
    'object branch only': 'scanet_r18_fpn_shapes_object-only.py',
    'context branch only': 'scanet_r18_fpn_shapes_context-only.py',
}
COLUMNS = {
    'mAP': 'mAP',
    'context-dependent': 'mAP, context-dependent labels',
    'context-free': 'mAP, other labels',
    'mAP_small': 'mAP, small objects',
    'minutes': 'minutes',
}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument('--variants', nargs='+', choices=VARIANTS, default=[*VARIANTS])
    parser.add_argument(
        '--work-dir',
        type=Path,
        default=Path('work_dirs/shapes_table'),
        help='folder of the runs',
    )
    parser.add_argument('--data-root', help='folder of ContextShapes')
    return parser.parse_args()


def train(config: str, seed: int, folder: Path, data_root: str | None) -> None:
    """Train one model in its own process; it leaves its scores in ``folder``.

    Raises:
        subprocess.CalledProcessError: the training failed; ``log.txt`` says why.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scores = folder / 'scores.npz'
    command = [sys.executable, str(ROOT / 'tools/train.py')]
    command += [str(ROOT / 'configs/scanet' / config), '--seed', str(seed)]
    command += ['--work-dir', str(folder)]
    command += ['--data-root', data_root] if data_root else []
    command += ['--cfg-options', f'val_evaluator.0.out_file={scores}.part.npz']
    path = os.pathsep.join([str(ROOT), os.environ.get('PYTHONPATH', '')])
    start = time.monotonic()
    with (folder / 'log.txt').open('w') as log:
        subprocess.run(
            command,
            check=True,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, 'PYTHONPATH': path},
        )
    minutes = (time.monotonic() - start) / 60
    (folder / 'time.json').write_text(json.dumps(dict(minutes=minutes)))
    # The last validation is the run's result: the name says that the run is whole.
    Path(f'{scores}.part.npz').replace(scores)


def measure(folder: Path) -> dict[str, float]:
    """The figures of a finished run, in percent, and its minutes."""
    table = ScoreTable.load(folder / 'scores.npz')
    figures = compute_figures(table)
    ap = compute_label_figures(table)['AP']
    needs_context = np.isin(table.classes, CONTEXT_CLASSES)
    return {
        'mAP': figures['mAP'],
        'context-dependent': float(np.nanmean(ap[needs_context])),
        'context-free': float(np.nanmean(ap[~needs_context])),
        'mAP_small': figures['mAP_small'],
        'minutes': json.loads((folder / 'time.json').read_text())['minutes'],
    }


def baselines(annotations: Path) -> dict[str, float]:
    """Mean AP on the context-dependent labels of scores that need no model.

    Each knows how many objects of each look are in the scene, without a fault.
    """
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


def main() -> None:
    """Run what is missing and print the table."""
    args = parse_args()
    lines = [f'| model | {" | ".join(COLUMNS.values())} |', '|---' * 6 + '|']
    for variant in args.variants:
        runs = []
        for seed in args.seeds:
            folder = args.work_dir / f'{variant.replace(" ", "-")}-seed{seed}'
            if not (folder / 'scores.npz').is_file():
                print(f'training: {variant}, seed {seed}', file=sys.stderr)
                train(VARIANTS[variant], seed, folder, args.data_root)
            runs.append(measure(folder))
            print(f'{variant}, seed {seed}: {runs[-1]}', file=sys.stderr)
        lines.append(row(variant, runs))
    print('\n'.join(lines))
    data_root = Path(args.data_root or 'data/context_shapes')
    print('\nWithout a model, mAP on the context-dependent labels:')
    for name, value in baselines(annotation_file(data_root, 'val')).items():
        print(f'- {name}: {value:.1f}')


if __name__ == '__main__':
    main()
