"""What the page of the branches says was measured is what the files have."""

import json
from pathlib import Path

import pytest

from mmscanet.comparison import Results

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / 'results/experiments'
PUBLISHED = ROOT / 'results/published'
LEAVES = ROOT / 'configs/scanet/experiments'
TABLES = sorted(RESULTS.glob('**/voc07-choose-*.csv'))
FUSIONS = sorted(RESULTS.glob('fusions-*.json'))
PAIRED = sorted(RESULTS.glob('**/paired-*.json'))


@pytest.fixture
def leaf_cells(cells):
    """The cells of a leaf's row in the table that a file of results is told in.

    The first one has the leaf's whole name, that of a folder its last part, and that of
    ``bfloat16`` says so; what is no leaf has its own.
    """

    def of(path, leaf):
        if path.parent == RESULTS or '-choose' not in leaf:
            return cells(leaf)
        name = leaf.partition('-choose')[2].lstrip('_') or 'defaults'
        return cells(f'{name}, bfloat16' if path.parent.name == 'bfloat16' else name)

    return of


@pytest.mark.parametrize('path', TABLES, ids=lambda p: p.stem)
def test_leaves_have_the_tables_figures(path, leaf_cells):
    rows = Results.load(path).sorted_rows()
    assert rows
    for row in rows:
        assert (LEAVES / f'{row["config"]}.py').is_file()
        for figure in ('mAP', 'mAP_small'):
            assert f'{float(row[figure]):.1f}' in leaf_cells(path, row['config'])


def test_every_leaf_is_on_the_page(text):
    for path in sorted(LEAVES.glob('*_*_*_*_*.py')):
        name = path.stem.split('_')[-1]
        assert f'`{name}`' in text or f'`{path.stem}`' in text, name


@pytest.mark.parametrize('path', PAIRED, ids=lambda p: p.stem)
def test_differences_have_the_files_figures(path, written, leaf_cells):
    content = json.loads(path.read_text())
    assert content
    for name, comparison in content.items():
        interval = written(comparison['groups']['all']['difference'])
        assert interval in leaf_cells(path, Path(name).stem)


@pytest.mark.parametrize('path', FUSIONS, ids=lambda p: p.stem)
def test_fusions_have_the_files_figures(path, cells):
    content = json.loads(path.read_text())
    assert content
    for name, figures in content.items():
        columns = ('mAP', 'mAP_small', 'mAP_medium', 'mAP_large', 'CF1', 'OF1')
        expected = [f'{figures[column]:.1f}' for column in columns]
        assert cells(name)[2:-1] == expected


def test_what_fusions_of_the_published_model_have_is_the_files_figures(text):
    path = PUBLISHED / 'fusions-choose.json'
    found = json.loads(path.read_text())
    mAP = {name: f'{each["mAP"]:.1f}' for name, each in found.items()}
    assert max(found, key=lambda name: found[name]['mAP']) == 'pool=topk, topk=10'
    own, best, noisy = (
        mAP[name] for name in ('as it is', 'pool=topk, topk=10', 'pool=noisy_or')
    )
    own_f1, noisy_f1 = (
        f'{found[name]["OF1"]:.1f}' for name in ('as it is', 'pool=noisy_or')
    )
    for said in (
        f'{own} as it is, {mAP["scene_weight=0.0"]} without its scene branch, '
        f'{mAP["fuse=max"]} with the larger',
        f'{mAP["num_patches=1"]} with a single patch, {mAP["num_patches=20"]} with 20.',
        f'Nothing is above {best}, the mean of the 10 best patches.',
        f'Noisy-or has {noisy}, and at 0.5 it finds too much: OF1 {noisy_f1} '
        f'against {own_f1}.',
        f'mean of the best 10 {best} and noisy-or {noisy} against {own} ',
        f'(OF1 {noisy_f1} against {own_f1})',
    ):
        assert said in text


def test_bfloat16_against_float32_has_the_files_figure(row, written):
    path = RESULTS / 'bfloat16/against-float32.json'
    (comparison,) = json.loads(path.read_text()).values()
    difference = written(comparison['groups']['all']['difference'])
    assert f'same machine {difference}' in row('`defaults, bfloat16`')
    performance = (ROOT / 'docs/performance.md').read_text()
    assert f'same\nmachine, {difference}' in performance


def test_wider_context_beside_a_scene_branch_has_the_files_figures(row, written):
    path = RESULTS / 'bfloat16/scene-expand3.0.json'
    (comparison,) = json.loads(path.read_text()).values()
    medium = comparison['groups']['medium']
    reference, other = (f'{medium[x]["value"]:.1f}' for x in ('reference', 'other'))
    gain = written(comparison['groups']['all']['difference'])
    said = f'{reference} at 1.5 times and {other} at three, mAP {gain}'
    assert said in row('`expand3.0, bfloat16`')


def test_the_best_peers_head_as_scene_branch_has_the_files_figures(cells, written):
    path = RESULTS / 'bfloat16/windows-against-scene.json'
    (comparison,) = json.loads(path.read_text()).values()
    difference = written(comparison['groups']['all']['difference'])
    assert cells('windows, bfloat16')[6] == f'to `scene` {difference}'
