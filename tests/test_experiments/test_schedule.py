"""What the page of the stages says was measured is what the files have."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / 'results/experiments'
PUBLISHED = ROOT / 'results/published'


def test_training_on_patches_only_has_the_files_figures(compared):
    _, _, gain = compared(PUBLISHED / 'patches-only-choose.json')
    page = ' '.join((ROOT / 'docs/evidence.md').read_text().split())
    assert f'without it either: {gain} mAP on the 600 images' in page


def test_a_scene_branch_of_windows_by_itself_has_the_files_figure(text):
    scene = json.loads((PUBLISHED / 'windows-scene.json').read_text())
    assert f'by itself it has {scene["multi-label/mAP"]:.1f} on all 1,800' in text


def test_training_on_larger_images_has_the_files_figures(text, written):
    content = json.loads((RESULTS / 'sizes/trained-at-480.json').read_text())
    small, large = (content[f'{size}.npz']['groups'] for size in (416, 480))
    reference = small['all']['reference']['value']
    values = [each['all']['other']['value'] for each in (small, large)]
    said = '{:.1f} at 416 and {:.1f} at 480, the published file {:.1f}'
    assert said.format(*values, reference) in text
    differences = [written(each['all']['difference']) for each in (small, large)]
    assert ' and '.join(differences) in text
    assert f'large labels at 480 {written(large["large"]["difference"])}' in text


def test_what_several_sizes_gain_is_the_files_figures(text, written):
    (comparison,) = json.loads((RESULTS / 'sizes/report-tta.json').read_text()).values()
    for group in comparison['groups'].values():
        assert written(group['difference']) in text


@pytest.mark.parametrize('comparison', ['mean-against-seed0', 'crop-against-ema'])
@pytest.mark.parametrize('images', ['all', 'choose', 'report'])
def test_what_means_of_weights_gain_is_the_files_figures(
    comparison, images, text, compared
):
    place = dict(all='on all 1,800', choose='on the 600', report='on the 1,200')
    path = PUBLISHED / f'{comparison}-{images}.json'
    reference, other, difference = compared(path)
    said = f'{other} against {reference} {place[images]}, {difference}'
    assert said in text


def test_what_the_mean_of_three_runs_gains_is_the_files_figures(text, row, compared):
    path = PUBLISHED / 'mean-of-three-choose.json'
    reference, other, difference = compared(path)
    said = f'has {other} on the 600, the published mean of two {reference}, '
    assert said + difference in text
    alone = json.loads((PUBLISHED / 'seed2-all.json').read_text())
    assert row('| 2, in bfloat16').split('|')[3].strip() == (
        f'{alone["multi-label/mAP"]:.1f}'
    )


def test_what_teachers_teach_is_the_files_figures(text, compared, written):
    (fresh,) = json.loads((PUBLISHED / 'taught-all.json').read_text()).values()
    gains = {k: written(each['difference']) for k, each in fresh['groups'].items()}
    before, after = (fresh['groups']['all'][k]['value'] for k in ('reference', 'other'))
    assert f'{after:.1f} against {before:.1f} without teachers' in text
    assert f'{gains["all"]}, on small labels {gains["small"]}, of 46' in text
    file = PUBLISHED / 'taught-choose.json'
    single, two, three = json.loads(file.read_text()).values()
    for found, said in (
        (single, "{other} against that file's {reference}, {gain}; the mean of both"),
        (two, 'the mean of both {other}, {gain}; '),
        (three, 'the mean with the run above too {other}, {gain} ('),
    ):
        every = found['groups']['all']
        other, reference = (f'{every[k]["value"]:.1f}' for k in ('other', 'reference'))
        gain = written(every['difference'])
        assert said.format(other=other, reference=reference, gain=gain) in text
    reference, other, gain = compared(PUBLISHED / 'taught-report.json')
    assert f'the first has {other} against {reference}, {gain} (' in text


@pytest.mark.parametrize(
    ('start', 'name'),
    [
        ('crop: those six on parts of images', 'crop-seed0-choose'),
        ('| 1, in bfloat16', 'crop-seed1-choose'),
        ('the mean of the weights of both | ', 'crop-mean-choose'),
    ],
)
def test_runs_on_parts_of_images_have_the_files_figures(start, name, row):
    found = json.loads((PUBLISHED / f'{name}.json').read_text())
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
def test_what_one_change_gains_is_the_files_figures(
    name, said, text, compared, written
):
    path = ROOT / f'results/{name}.json'
    reference, other, _ = compared(path)
    (comparison,) = json.loads(path.read_text()).values()
    groups = comparison['groups'].items()
    gains = {size: written(figures['difference']) for size, figures in groups}
    assert said.format(reference=reference, other=other, **gains) in text


def test_what_mirrored_views_gain_is_the_files_figures(text, written):
    content = json.loads((PUBLISHED / 'views-choose.json').read_text())
    for name in ('mirrored', 'three-sizes', 'three-sizes-mirrored'):
        figures = content[f'{name}.npz']['groups']['all']
        said = f'{figures["other"]["value"]:.1f}, {written(figures["difference"])}'
        assert said in text


def test_what_the_ema_stage_gains_is_the_files_figures(text, written):
    for images, place in (('all', 'on all'), ('report', 'on the 1,200')):
        path = PUBLISHED / f'against-joint-{images}.json'
        groups = json.loads(path.read_text())['seed0.npz']['groups']
        assert f'{written(groups["all"]["difference"])} {place}' in text


@pytest.mark.parametrize('file', ['joint', 'joint_ema', 'joint_crop'])
def test_the_boxes_of_patches_read_again_are_the_files_figures(file, cells):
    for cell, times in zip(cells(f'_{file}')[2:-1], (0, 1, 2), strict=True):
        path = PUBLISHED / f'evidence/choose/{file}-{times}.json'
        if cell == 'not run':
            assert not path.exists()
            continue
        found = json.loads(path.read_text())
        rates = [found[f'evidence/CorLoc{each}'] for each in ('', '_predicted')]
        figures = [*rates, 100 * found['pascal_voc/AP50']]
        assert cell == ' / '.join(f'{figure:.1f}' for figure in figures)


def test_images_to_choose_by_and_to_report_are_apart():
    lists = [
        (ROOT / f'configs/_base_/datasets/voc07_val_{name}.txt').read_text().split()
        for name in ('choose', 'report')
    ]
    assert [len(ids) for ids in lists] == [600, 1200]
    assert len({*lists[0], *lists[1]}) == 1800


@pytest.mark.parametrize(
    ('name', 'said'),
    [
        ('crop-mirrored-choose', 'mirrored, has {other} on the 600, {gain}, and'),
        ('crop-mirrored-report', '{other} on the 1,200, {gain} ('),
        ('windows-all', 'nothing is gained: {other} against {reference}, {gain}; '),
        ('windows-choose', '{other} against {reference} on the 600, {gain}; '),
        ('windows-report', '{other} against {reference} on the 1,200, {gain} ('),
        ('read-again-choose', '{other} against {reference} on the 600 images, {gain};'),
        ('read-again-report', '{other} against {reference} on the 1,200, {gain};'),
        ('read-again-all', '{other} against {reference} on all 1,800, {gain}, small'),
    ],
)
def test_what_the_published_file_gains_is_the_files_figures(name, said, text, compared):
    reference, other, gain = compared(PUBLISHED / f'{name}.json')
    assert said.format(other=other, reference=reference, gain=gain) in text
