"""What the pages of experiments say was measured is what results/experiments has."""

import json
from pathlib import Path

import pytest

from mmscanet.comparison import Results

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / 'results/experiments'
PAGES = [ROOT / 'docs/experiments.md', *sorted(ROOT.glob('docs/experiments/*.md'))]
PAGE = [line for page in PAGES for line in page.read_text().splitlines()]
TEXT = ' '.join(' '.join(PAGE).split())  # however its lines are broken
TABLES = sorted(RESULTS.glob('**/voc07-choose-*.csv'))
FUSIONS = sorted(RESULTS.glob('fusions-*.json'))
PAIRED = sorted(RESULTS.glob('**/paired-*.json'))
LEAVES = ROOT / 'configs/scanet/experiments'


def cells(name: str) -> list[str]:
    """The cells of the one row of the pages that begins with ``name``."""
    (row,) = (line for line in PAGE if line.startswith(f'| `{name}` |'))
    return [cell.strip() for cell in row.split('|')]


def row(start: str) -> str:
    """The one row of the pages that begins so."""
    (found,) = (line for line in PAGE if line.startswith(f'| {start}'))
    return found


def compared(path: Path) -> tuple[str, str, str]:
    """The mAP of the reference and of the one other file, and how they differ."""
    (comparison,) = json.loads(path.read_text()).values()
    figures = comparison['groups']['all']
    reference, other = (f'{figures[x]["value"]:.1f}' for x in ('reference', 'other'))
    return reference, other, written(figures['difference'])


def leaf_cells(path: Path, leaf: str) -> list[str]:
    """The cells of a leaf's row in the table that a file of results is told in.

    The first one has the leaf's whole name, that of a folder its last part, and that of
    ``bfloat16`` says so; what is no leaf has its own.
    """
    if path.parent == RESULTS or '-choose' not in leaf:
        return cells(leaf)
    name = leaf.partition('-choose')[2].lstrip('_') or 'defaults'
    return cells(f'{name}, bfloat16' if path.parent.name == 'bfloat16' else name)


@pytest.mark.parametrize('path', TABLES, ids=lambda p: p.stem)
def test_leaves_have_the_tables_figures(path):
    rows = Results.load(path).sorted_rows()
    assert rows
    for row in rows:
        assert (LEAVES / f'{row["config"]}.py').is_file()
        for figure in ('mAP', 'mAP_small'):
            assert f'{float(row[figure]):.1f}' in leaf_cells(path, row['config'])


def test_methods_trained_jointly_have_the_tables_figures():
    rows = Results.load(RESULTS / 'joint/voc07-val-mobilenetv2.csv').sorted_rows()
    assert len(rows) > 1
    for row in rows:
        expected = [f'{float(row[name]):.1f}' for name in ('mAP', 'mAP_small')]
        assert cells(row['method'])[2:4] == expected


@pytest.mark.parametrize(('stage', 'column'), [('frozen', 6), ('joint', 7)])
def test_peers_trained_in_stages_have_the_tables_figures(stage, column):
    path = RESULTS / f'staged/{stage}/voc07-val-mobilenetv2.csv'
    rows = Results.load(path).sorted_rows()
    assert rows
    for row in rows:
        assert cells(row['method'])[column] == f'{float(row["mAP"]):.1f}'


def test_a_peer_trained_in_all_stages_has_the_files_figures():
    folder = RESULTS / 'staged/bfloat16'
    found = []
    for stage in ('frozen', 'joint', 'ema'):
        (row,) = Results.load(
            folder / f'{stage}/voc07-val-mobilenetv2.csv'
        ).sorted_rows()
        assert row['method'] == 'delta'
        found.append(f'{float(row["mAP"]):.1f}')
    said = 'frozen {}, joint {}, then ema {}.'
    assert said.format(*found) in TEXT
    (comparison,) = json.loads((folder / 'delta-scanet_plus.json').read_text()).values()
    groups = comparison['groups']
    ahead = groups['all']
    assert f'{ahead["reference"]["value"]:.1f}' == found[-1]
    lead = f'has {ahead["other"]["value"]:.1f}, {written(ahead["difference"])}'
    assert lead in TEXT
    sizes = (written(groups[size]['difference']) for size in ('small', 'medium'))
    assert 'small labels {}, medium ones {}'.format(*sizes) in TEXT


def test_a_peer_at_its_own_rate_has_the_files_figures():
    stages = {}
    for stage in ('joint', 'crop'):
        path = RESULTS / f'rates/{stage}/voc07-val-mobilenetv2.csv'
        (found,) = Results.load(path).sorted_rows()
        stages[stage] = f'{float(found["mAP"]):.1f}'
    at_rate = Results.load(RESULTS / 'rates/0.0015/voc07-val-mobilenetv2.csv')
    (found,) = (r for r in at_rate.sorted_rows() if r['method'] == 'delta')
    frozen = f'{float(found["mAP"]):.1f}'
    assert f'| DELTA | {frozen} | {stages["joint"]} | {stages["crop"]} |' in TEXT
    readme = ' '.join((ROOT / 'README.md').read_text().split())
    said = 'DELTA has {joint} after the joint ones, and {crop}, as SCANet+ has'
    assert said.format(**stages) in readme
    path = RESULTS / 'rates/crop/delta-scanet_plus.json'
    reference, other, difference = compared(path)
    assert reference == other == stages['crop']
    assert f'| SCANet+ | 88.1, of six epochs 88.6 | 89.7 | {other} |' in TEXT
    assert f'SCANet+ is {difference} above DELTA' in TEXT
    (comparison,) = json.loads(path.read_text()).values()
    small = comparison['groups']['small']
    reference, other = (f'{small[x]["value"]:.1f}' for x in ('reference', 'other'))
    assert f'small labels {written(small["difference"])}' in TEXT
    assert f'DELTA has {reference} on them and SCANet+ {other}' in TEXT


def test_the_control_by_the_same_stages_has_the_files_figures():
    stages = []
    for stage in ('frozen', 'joint', 'crop'):
        path = RESULTS / f'control/{stage}/voc07-val-mobilenetv2.csv'
        (found,) = Results.load(path).sorted_rows()
        stages.append(f'{float(found["mAP"]):.1f}')
    assert f'| Faster R-CNN | {" | ".join(stages)} |' in TEXT
    path = RESULTS / 'control/crop/faster_rcnn-scanet_plus.json'
    reference, other, difference = compared(path)
    assert reference == stages[-1]
    assert f'| SCANet+, on this machine | not run | not run | {other} |' in TEXT
    assert f'SCANet+ is {difference} above the control' in TEXT
    readme = ' '.join((ROOT / 'README.md').read_text().split())
    assert f'has {reference} after those three' in readme
    assert f'on the same machine {other}, {difference}' in readme
    (comparison,) = json.loads(path.read_text()).values()
    groups = comparison['groups']
    for size in ('small', 'medium', 'large'):
        told = 'small labels' if size == 'small' else f'{size} ones'
        assert f'{told} {written(groups[size]["difference"])}' in TEXT
    small = [f'{groups["small"][x]["value"]:.1f}' for x in ('reference', 'other')]
    assert 'small labels, {} against {}'.format(*small) in TEXT
    assert f'on another machine, it has {other} and {small[1]}' in TEXT


def test_training_on_patches_only_has_the_files_figures():
    _, _, gain = compared(ROOT / 'results/published/patches-only-choose.json')
    page = ' '.join((ROOT / 'docs/evidence.md').read_text().split())
    assert f'without it either: {gain} mAP on the 600 images' in page


@pytest.mark.parametrize(
    ('images', 'said'),
    [
        ('choose', 'mirrored, has {other} on the 600, {gain}, and'),
        ('report', '{other} on the 1,200, {gain} ('),
    ],
)
def test_what_mirrored_views_of_the_last_file_gain_is_the_files_figures(images, said):
    path = ROOT / f'results/published/crop-mirrored-{images}.json'
    _, other, gain = compared(path)
    assert said.format(other=other, gain=gain) in TEXT


@pytest.mark.parametrize(
    ('images', 'said'),
    [
        ('all', 'nothing is gained: {other} against {reference}, {gain}; '),
        ('choose', '{other} against {reference} on the 600, {gain}; '),
        ('report', '{other} against {reference} on the 1,200, {gain} ('),
    ],
)
def test_what_a_scene_branch_of_windows_gains_is_the_files_figures(images, said):
    path = ROOT / f'results/published/windows-{images}.json'
    reference, other, gain = compared(path)
    assert said.format(other=other, reference=reference, gain=gain) in TEXT


def test_a_scene_branch_of_windows_by_itself_has_the_files_figure():
    scene = json.loads((ROOT / 'results/published/windows-scene.json').read_text())
    assert f'by itself it has {scene["multi-label/mAP"]:.1f} on all 1,800' in TEXT


@pytest.mark.parametrize(('rate', 'column'), [('0.0015', 3), ('0.005', 4)])
def test_methods_at_another_rate_have_the_tables_figures(rate, column):
    names = dict(
        scanet_plus='SCANet+',
        delta='DELTA',
        ml_decoder='ML-Decoder',
        rnn_frequency='RNN-Frequency',
        c_tran='C-Tran',
        decouple_net='Decouple-Net',
        query2label='Query2Label',
        faster_rcnn='Faster R-CNN, the control',
        crl='CRL',
        resnet_gmp='max pooling',
        csra='CSRA',
        ml_gcn='ML-GCN',
        acfs='ACfs',
        wsl_gcn='WSL-GCN',
        rnn_attention='RNN-Attention',
        cnn_rnn='CNN-RNN',
    ) | {'resnet_gmp avg': 'average pooling'}
    path = RESULTS / 'rates' / rate / 'voc07-val-mobilenetv2.csv'
    rows = Results.load(path).sorted_rows()
    assert rows
    start = PAGE.index('| method | rate 0.0005 | 0.0015 | 0.005 |')
    table = PAGE[start : PAGE.index('', start)]
    for each in rows:
        name = names[each['method']]
        (line,) = (x for x in table if x.startswith(f'| {name} |'))
        assert line.split('|')[column].split()[0] == f'{float(each["mAP"]):.1f}'


def test_methods_at_a_third_of_the_rate_have_the_tables_figures():
    path = RESULTS / 'rates/0.00015/voc07-val-mobilenetv2.csv'
    figures = {r['method']: float(r['mAP']) for r in Results.load(path).sorted_rows()}
    said = 'at 0.00015 WSL-GCN has {wsl_gcn:.1f} and CNN-RNN {cnn_rnn:.1f}'
    assert said.format(**figures) in TEXT


def test_bfloat16_against_float32_has_the_files_figure():
    path = RESULTS / 'bfloat16/against-float32.json'
    (comparison,) = json.loads(path.read_text()).values()
    difference = written(comparison['groups']['all']['difference'])
    assert f'same machine {difference}' in row('`defaults, bfloat16`')
    performance = (ROOT / 'docs/performance.md').read_text()
    assert f'same\nmachine, {difference}' in performance


@pytest.mark.parametrize('path', FUSIONS, ids=lambda p: p.stem)
def test_fusions_have_the_files_figures(path):
    content = json.loads(path.read_text())
    assert content
    for name, figures in content.items():
        columns = ('mAP', 'mAP_small', 'mAP_medium', 'mAP_large', 'CF1', 'OF1')
        expected = [f'{figures[column]:.1f}' for column in columns]
        assert cells(name)[2:-1] == expected


@pytest.mark.parametrize('path', PAIRED, ids=lambda p: p.stem)
def test_differences_have_the_files_figures(path):
    content = json.loads(path.read_text())
    assert content
    for name, comparison in content.items():
        interval = written(comparison['groups']['all']['difference'])
        assert interval in leaf_cells(path, Path(name).stem)


def test_wider_context_beside_a_scene_branch_has_the_files_figures():
    path = RESULTS / 'bfloat16/scene-expand3.0.json'
    (comparison,) = json.loads(path.read_text()).values()
    medium = comparison['groups']['medium']
    reference, other = (f'{medium[x]["value"]:.1f}' for x in ('reference', 'other'))
    gain = written(comparison['groups']['all']['difference'])
    said = f'{reference} at 1.5 times and {other} at three, mAP {gain}'
    assert said in row('`expand3.0, bfloat16`')


def test_the_best_peers_head_as_scene_branch_has_the_files_figures():
    path = RESULTS / 'bfloat16/windows-against-scene.json'
    (comparison,) = json.loads(path.read_text()).values()
    difference = written(comparison['groups']['all']['difference'])
    assert cells('windows, bfloat16')[6] == f'to `scene` {difference}'


def test_training_on_larger_images_has_the_files_figures():
    content = json.loads((RESULTS / 'sizes/trained-at-480.json').read_text())
    small, large = (content[f'{size}.npz']['groups'] for size in (416, 480))
    reference = small['all']['reference']['value']
    values = [each['all']['other']['value'] for each in (small, large)]
    said = '{:.1f} at 416 and {:.1f} at 480, the published file {:.1f}'
    assert said.format(*values, reference) in TEXT
    differences = [written(each['all']['difference']) for each in (small, large)]
    assert ' and '.join(differences) in TEXT
    assert f'large labels at 480 {written(large["large"]["difference"])}' in TEXT


def test_what_several_sizes_gain_is_the_files_figures():
    (comparison,) = json.loads((RESULTS / 'sizes/report-tta.json').read_text()).values()
    for group in comparison['groups'].values():
        assert written(group['difference']) in TEXT


@pytest.mark.parametrize('comparison', ['mean-against-seed0', 'crop-against-ema'])
@pytest.mark.parametrize('images', ['all', 'choose', 'report'])
def test_what_means_of_weights_gain_is_the_files_figures(comparison, images):
    place = dict(all='on all 1,800', choose='on the 600', report='on the 1,200')
    path = ROOT / f'results/published/{comparison}-{images}.json'
    reference, other, difference = compared(path)
    said = f'{other} against {reference} {place[images]}, {difference}'
    assert said in TEXT


def test_what_the_mean_of_three_runs_gains_is_the_files_figures():
    path = ROOT / 'results/published/mean-of-three-choose.json'
    reference, other, difference = compared(path)
    said = f'has {other} on the 600, the published mean of two {reference}, '
    assert said + difference in TEXT
    alone = json.loads((ROOT / 'results/published/seed2-all.json').read_text())
    assert row('| 2, in bfloat16').split('|')[3].strip() == (
        f'{alone["multi-label/mAP"]:.1f}'
    )


def test_what_teachers_teach_is_the_files_figures():
    (fresh,) = json.loads(
        (ROOT / 'results/published/taught-all.json').read_text()
    ).values()
    gains = {k: written(each['difference']) for k, each in fresh['groups'].items()}
    before, after = (fresh['groups']['all'][k]['value'] for k in ('reference', 'other'))
    assert f'{after:.1f} against {before:.1f} without teachers' in TEXT
    assert f'{gains["all"]}, on small labels {gains["small"]}, of 46' in TEXT
    file = ROOT / 'results/published/taught-choose.json'
    single, two, three = json.loads(file.read_text()).values()
    for found, said in (
        (single, "{other} against that file's {reference}, {gain}; the mean of both"),
        (two, 'the mean of both {other}, {gain}; '),
        (three, 'the mean with the run above too {other}, {gain} ('),
    ):
        every = found['groups']['all']
        other, reference = (f'{every[k]["value"]:.1f}' for k in ('other', 'reference'))
        gain = written(every['difference'])
        assert said.format(other=other, reference=reference, gain=gain) in TEXT
    reference, other, gain = compared(ROOT / 'results/published/taught-report.json')
    assert f'the first has {other} against {reference}, {gain} (' in TEXT


@pytest.mark.parametrize(
    ('start', 'name'),
    [
        ('crop: those six on parts of images', 'crop-seed0-choose'),
        ('| 1, in bfloat16', 'crop-seed1-choose'),
        ('the mean of the weights of both | ', 'crop-mean-choose'),
    ],
)
def test_runs_on_parts_of_images_have_the_files_figures(start, name):
    found = json.loads((ROOT / f'results/published/{name}.json').read_text())
    assert row(start).split('|')[4].strip() == f'{found["multi-label/mAP"]:.1f}'


@pytest.mark.parametrize(
    ('name', 'said'),
    [
        (
            'experiments/published/deep-trunks',
            'has {other} on the 600 images (seed 1, same FIRST), the defaults beside '
            'it {reference}, {all}, large labels {large}',
        ),
        (
            'published/again-choose',
            'has {other} on the 600 images, the file itself {reference}, {all}',
        ),
        (
            'published/image-loss-choose',
            'It has {other} on the 600 images; without, as above, the same three '
            'epochs and seed have {reference}, {all}',
        ),
        (
            'published/mosaic-choose',
            'a mosaic of four, {other} on the 600 images, {all}, on large labels '
            '{large}',
        ),
        (
            'published/one-size-choose',
            'it has {other} on the 600 images; with sizes of their own, as above, the '
            'same three epochs and seed have {reference}, {all}, on medium labels '
            '{medium}',
        ),
        ('published/tta-report', 'gains {all} there: {other} against {reference}.'),
    ],
)
def test_what_one_change_gains_is_the_files_figures(name, said):
    path = ROOT / f'results/{name}.json'
    reference, other, _ = compared(path)
    (comparison,) = json.loads(path.read_text()).values()
    groups = comparison['groups'].items()
    gains = {size: written(figures['difference']) for size, figures in groups}
    assert said.format(reference=reference, other=other, **gains) in TEXT


def test_what_mirrored_views_gain_is_the_files_figures():
    content = json.loads((ROOT / 'results/published/views-choose.json').read_text())
    for name in ('mirrored', 'three-sizes', 'three-sizes-mirrored'):
        figures = content[f'{name}.npz']['groups']['all']
        said = f'{figures["other"]["value"]:.1f}, {written(figures["difference"])}'
        assert said in TEXT


def test_what_fusions_of_the_published_model_have_is_the_files_figures():
    path = ROOT / 'results/published/fusions-choose.json'
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
        assert said in TEXT


def test_what_the_ema_stage_gains_is_the_files_figures():
    for images, place in (('all', 'on all'), ('report', 'on the 1,200')):
        path = ROOT / f'results/published/against-joint-{images}.json'
        groups = json.loads(path.read_text())['seed0.npz']['groups']
        assert f'{written(groups["all"]["difference"])} {place}' in TEXT


def written(x: dict[str, float]) -> str:
    """A difference with its interval, as the page writes it."""
    star = '*' if x['low'] > 0 or x['high'] < 0 else ''
    return f'{x["value"]:+.1f} ({x["low"]:+.1f} to {x["high"]:+.1f}){star}'


def test_images_to_choose_by_and_to_report_are_apart():
    lists = [
        (ROOT / f'configs/_base_/datasets/voc07_val_{name}.txt').read_text().split()
        for name in ('choose', 'report')
    ]
    assert [len(ids) for ids in lists] == [600, 1200]
    assert len({*lists[0], *lists[1]}) == 1800


def test_every_leaf_is_on_the_page():
    for path in sorted(LEAVES.glob('*_*_*_*_*.py')):
        name = path.stem.split('_')[-1]
        assert f'`{name}`' in TEXT or f'`{path.stem}`' in TEXT, name
