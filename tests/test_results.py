"""What the documents and configs of peers say was measured is what results/ has."""

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from mmscanet.comparison import Results

ROOT = Path(__file__).resolve().parents[1]
TABLES = sorted((ROOT / 'results').glob('*.csv'))


def mean_map(table: Path) -> dict[str, str]:
    """Mean mAP over seeds of each config of a table, as documents write it."""
    values: dict[str, list[float]] = {}
    for row in Results.load(table).sorted_rows():
        values.setdefault(row['config'], []).append(float(row['mAP']))
    return {config: f'{np.mean(each):.1f}' for config, each in values.items()}


@pytest.mark.parametrize('table', TABLES, ids=lambda path: path.stem)
def test_configs_and_readmes_of_peers_have_the_tables_figures(table):
    checked = 0
    for config, expected in mean_map(table).items():
        for path in ROOT.glob(f'projects/*/configs/{config}.py'):
            assert f'# Expected: mAP {expected} ' in path.read_text(), path
            lines = (path.parents[1] / 'README.md').read_text().splitlines()
            (line,) = (each for each in lines if each.startswith(f'| `{config}` |'))
            assert line.split('|')[3].strip() == expected, line
            checked += 1
    assert checked


@pytest.mark.parametrize('table', TABLES, ids=lambda path: path.stem)
def test_the_overview_has_the_tables_figures(table):
    overview = (ROOT / 'projects/README.md').read_text().replace(' †', '')
    means = mean_map(table)
    for row in Results.load(table).sorted_rows():
        assert f'| {row["method"]} | {means[row["config"]]} | ' in overview, row


def test_peers_that_are_marked_are_marked_everywhere():
    overview = (ROOT / 'projects/README.md').read_text()
    in_list = {*re.findall(r'^\| \[\w+\]\((\w+)/README.md\) † \|', overview, re.M)}
    in_tables = Counter(re.findall(r'^\| (\w+) † \|', overview, re.M))
    assert in_tables == dict.fromkeys(in_list, len(TABLES))


def test_there_is_a_table():
    assert TABLES


PUBLISHED = {
    'SCANet+': 'joint_crop/fused',
    'its object branch': 'joint_crop/object',
    'its context branch': 'joint_crop/context',
    'its scene branch': 'joint_crop/scene',
    'SCANet+ on the 1,200': 'joint_crop/report',
    'SCANet+ on the 1,200, `--tta`': 'joint_crop/report-tta',
    'SCANet+ without parts of images': 'joint_ema/fused',
    'SCANet+ after the first three joint epochs': 'joint/fused',
}


SUMMARY = {'one size': 'joint_crop/report', '`--tta`': 'joint_crop/report-tta'}


@pytest.mark.parametrize(
    ('page', 'row', 'name'),
    [
        *(('docs/results.md', *each) for each in PUBLISHED.items()),
        *(('README.md', *each) for each in SUMMARY.items()),
    ],
)
def test_pages_have_the_published_models_figures(page, row, name):
    path = ROOT / 'results/published' / f'{name}.json'
    figures = json.loads(path.read_text())
    _, section = (ROOT / page).read_text().split('The SCANet+ that comes')
    (line,) = (each for each in section.splitlines() if each.startswith(f'| {row} |'))
    mAP, CF1, OF1, *sizes = (
        f'{figures[f"multi-label/{figure}"]:.1f}'
        for figure in ('mAP', 'CF1', 'OF1', 'mAP_small', 'mAP_medium', 'mAP_large')
    )
    cells = [cell.strip(' *') for cell in line.split('|')[2:-1]]
    assert cells == [mAP, CF1, OF1, ' / '.join(sizes)]


@pytest.mark.parametrize(
    ('row', 'config'),
    [
        ('DELTA, rebuilt from its abstract', 'delta_mobilenetv2'),
        ('SCANet', 'scanet_mobilenetv2_fpn'),
        ('ML-Decoder', 'ml_decoder_mobilenetv2'),
        ('Faster R-CNN, the control', 'faster_rcnn_mobilenetv2'),
    ],
)
def test_the_readmes_comparison_has_the_tables_figures(row, config):
    lines = (ROOT / 'README.md').read_text().splitlines()
    (line,) = (each for each in lines if each.startswith(f'| {row} |'))
    cells = [cell.strip() for cell in line.split('|')[2:-1]]
    for cell, folder in zip(
        cells,
        ('.', 'experiments/staged/joint', 'experiments/staged/bfloat16/ema'),
        strict=True,
    ):
        means = mean_map(ROOT / 'results' / folder / 'voc07-val-mobilenetv2.csv')
        found = means.get(f'{config}_voc07-val', 'not run')
        assert cell == found


@pytest.mark.parametrize(
    ('row', 'config'),
    [
        ('full', 'scanet_r18_fpn_shapes'),
        ('object branch only', 'scanet_r18_fpn_shapes_object-only'),
        ('context branch only', 'scanet_r18_fpn_shapes_context-only'),
    ],
)
def test_single_branches_have_the_tables_figures(row, config):
    path = ROOT / 'results/experiments/branches/shapes-r18.csv'
    rows = [r for r in Results.load(path).sorted_rows() if r['config'] == config]
    assert len(rows) == 3
    expected = []
    for name in ('mAP', 'mAP_small'):
        values = [float(r[name]) for r in rows]
        spread = f'{min(values):.1f} to {max(values):.1f}'
        expected.append(f'{np.mean(values):.1f} ({spread})')
    for page, columns in (('README.md', (2, 4)), ('docs/context_shapes.md', (2, 5))):
        lines = (ROOT / page).read_text().splitlines()
        (line,) = (line for line in lines if line.startswith(f'| {row} |'))
        cells = line.split('|')
        assert [cells[column].strip() for column in columns] == expected
    header = (ROOT / f'configs/scanet/{config}.py').read_text()
    assert f'mAP {expected[0].rstrip(")")} over seeds' in header


EVIDENCE = {
    'SCANet+ that comes with the clone': 'scanet_plus',
    'the same, its patches read once': 'scanet_plus-once',
    'SCANet+, three epochs of the last stage, read once': 'scanet_plus-three-epochs',
    'the third, its patches read again': 'scanet_plus-three-epochs-again',
    'Faster R-CNN, the control, by the same stages': 'faster_rcnn-three-epochs',
    'the second, `fuse=product`': 'scanet_plus-once-product',
    'the third, `fuse=product`': 'scanet_plus-three-epochs-product',
    'the second after three more epochs, patches only': 'scanet_plus-patches-only',
}


@pytest.mark.parametrize(('row', 'name'), EVIDENCE.items())
def test_the_page_of_evidence_has_the_files_figures(row, name):
    path = ROOT / f'results/published/evidence/{name}.json'
    figures = json.loads(path.read_text())
    page = (ROOT / 'docs/evidence.md').read_text()
    (line,) = (each for each in page.splitlines() if each.startswith(f'| {row} |'))

    def cell(*names: str) -> str:
        return ' / '.join(f'{figures[f"evidence/{each}"]:.1f}' for each in names)

    assert [each.strip() for each in line.split('|')[2:-1]] == [
        f'{figures["multi-label/mAP"]:.1f}',
        cell('CorLoc', 'pointing'),
        cell('CorLoc_predicted', 'pointing_predicted'),
        cell('CorLoc_small', 'CorLoc_medium', 'CorLoc_large'),
        f'{100 * figures["pascal_voc/AP50"]:.1f}',
    ]


BOXES_SHOWN = {  # by row of the table
    'scanet_plus': ('those that are shown', '1,800'),
    'scanet_plus-all-boxes': ('all that reach the threshold', '1,800'),
    'report/scanet_plus': ('those that are shown', 'the 1,200'),
    'report/scanet_plus-all-boxes': ('all that reach the threshold', 'the 1,200'),
}


@pytest.mark.parametrize(('name', 'row'), BOXES_SHOWN.items())
def test_the_table_of_all_boxes_has_the_files_figures(name, row):
    path = ROOT / f'results/published/evidence/{name}.json'
    figures = json.loads(path.read_text())
    boxes, labels = (figures[f'evidence/num_{each}'] for each in ('boxes', 'predicted'))
    shares = (figures[f'evidence/box_{each}'] for each in ('precision', 'recall'))
    cells = [*row, *(f'{each:.1f}' for each in (boxes / labels, *shares))]
    assert f'| {" | ".join(cells)} |' in (ROOT / 'docs/evidence.md').read_text()


def test_the_summary_has_the_evidences_figures():
    folder = ROOT / 'results/published/evidence'
    readme = ' '.join((ROOT / 'README.md').read_text().split())
    ours, control = (
        [
            f'{json.loads(path.read_text())[f"evidence/{each}_predicted"]:.0f}'
            for each in ('CorLoc', 'pointing')
        ]
        for path in (
            folder / 'scanet_plus.json',
            folder / 'faster_rcnn-three-epochs.json',
        )
    )
    assert 'in {} of 100 and has its centre there in {}.'.format(*ours) in readme
    assert 'the better boxes: {} and {}.'.format(*control) in readme
    figures = json.loads((folder / 'scanet_plus.json').read_text())
    share = f'{figures["evidence/box_precision"]:.0f} of 100 are on an object'
    assert share in readme
