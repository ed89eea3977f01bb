"""What the page of other methods says was measured is what the files have."""

import json
from pathlib import Path

import pytest

from mmscanet.comparison import Results

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / 'results/experiments'

NAMES = dict(
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
    ms_cma='MS-CMA',
    srn='SRN',
    wsl_gcn='WSL-GCN',
    rnn_attention='RNN-Attention',
    cnn_rnn='CNN-RNN',
    kssnet='KSSNet',
) | {'resnet_gmp avg': 'average pooling'}


def test_methods_trained_jointly_have_the_tables_figures(cells):
    rows = Results.load(RESULTS / 'joint/voc07-val-mobilenetv2.csv').sorted_rows()
    assert len(rows) > 1
    for row in rows:
        expected = [f'{float(row[name]):.1f}' for name in ('mAP', 'mAP_small')]
        assert cells(row['method'])[2:4] == expected


@pytest.mark.parametrize(('stage', 'column'), [('frozen', 6), ('joint', 7)])
def test_peers_trained_in_stages_have_the_tables_figures(stage, column, cells):
    path = RESULTS / f'staged/{stage}/voc07-val-mobilenetv2.csv'
    rows = Results.load(path).sorted_rows()
    assert rows
    for row in rows:
        assert cells(row['method'])[column] == f'{float(row["mAP"]):.1f}'


def test_a_peer_trained_in_all_stages_has_the_files_figures(text, written):
    folder = RESULTS / 'staged/bfloat16'
    found = []
    for stage in ('frozen', 'joint', 'ema'):
        (row,) = Results.load(
            folder / f'{stage}/voc07-val-mobilenetv2.csv'
        ).sorted_rows()
        assert row['method'] == 'delta'
        found.append(f'{float(row["mAP"]):.1f}')
    said = 'frozen {}, joint {}, then ema {}.'
    assert said.format(*found) in text
    (comparison,) = json.loads((folder / 'delta-scanet_plus.json').read_text()).values()
    groups = comparison['groups']
    ahead = groups['all']
    assert f'{ahead["reference"]["value"]:.1f}' == found[-1]
    lead = f'has {ahead["other"]["value"]:.1f}, {written(ahead["difference"])}'
    assert lead in text
    sizes = (written(groups[size]['difference']) for size in ('small', 'medium'))
    assert 'small labels {}, medium ones {}'.format(*sizes) in text


def test_a_peer_at_its_own_rate_has_the_files_figures(text, compared, written):
    stages = {}
    for stage in ('joint', 'crop'):
        path = RESULTS / f'rates/{stage}/voc07-val-mobilenetv2.csv'
        (found,) = Results.load(path).sorted_rows()
        stages[stage] = f'{float(found["mAP"]):.1f}'
    at_rate = Results.load(RESULTS / 'rates/0.0015/voc07-val-mobilenetv2.csv')
    (found,) = (r for r in at_rate.sorted_rows() if r['method'] == 'delta')
    frozen = f'{float(found["mAP"]):.1f}'
    assert f'| DELTA | {frozen} | {stages["joint"]} | {stages["crop"]} |' in text
    readme = ' '.join((ROOT / 'README.md').read_text().split())
    said = 'DELTA has {joint} after the joint ones, and {crop}, as SCANet+ has'
    assert said.format(**stages) in readme
    path = RESULTS / 'rates/crop/delta-scanet_plus.json'
    reference, other, difference = compared(path)
    assert reference == other == stages['crop']
    assert f'| SCANet+ | 88.1, of six epochs 88.6 | 89.7 | {other} |' in text
    assert f'SCANet+ is {difference} above DELTA' in text
    (comparison,) = json.loads(path.read_text()).values()
    small = comparison['groups']['small']
    reference, other = (f'{small[x]["value"]:.1f}' for x in ('reference', 'other'))
    assert f'small labels {written(small["difference"])}' in text
    assert f'DELTA has {reference} on them and SCANet+ {other}' in text


def test_the_control_by_the_same_stages_has_the_files_figures(text, compared, written):
    stages = []
    for stage in ('frozen', 'joint', 'crop'):
        path = RESULTS / f'control/{stage}/voc07-val-mobilenetv2.csv'
        (found,) = Results.load(path).sorted_rows()
        stages.append(f'{float(found["mAP"]):.1f}')
    assert f'| Faster R-CNN | {" | ".join(stages)} |' in text
    path = RESULTS / 'control/crop/faster_rcnn-scanet_plus.json'
    reference, other, difference = compared(path)
    assert reference == stages[-1]
    assert f'| SCANet+, on this machine | not run | not run | {other} |' in text
    assert f'SCANet+ is {difference} above the control' in text
    readme = ' '.join((ROOT / 'README.md').read_text().split())
    assert f'has {reference} after those three' in readme
    assert f'on the same machine {other}, {difference}' in readme
    (comparison,) = json.loads(path.read_text()).values()
    groups = comparison['groups']
    for size in ('small', 'medium', 'large'):
        told = 'small labels' if size == 'small' else f'{size} ones'
        assert f'{told} {written(groups[size]["difference"])}' in text
    small = [f'{groups["small"][x]["value"]:.1f}' for x in ('reference', 'other')]
    assert 'small labels, {} against {}'.format(*small) in text
    assert f'on another machine, it has {other} and {small[1]}' in text


def test_a_rate_for_each_method_is_the_one_chosen_by_list(page, text, compared):
    """By the 600 images among the rates that were run; the figure of the 1,200."""
    start = page.index('| method | chosen rate | the 600 | the 1,200 |')
    table = page[start + 2 : page.index('', start)]
    runs = json.loads((RESULTS / 'rates/by-list.json').read_text())
    expected = []
    for method, rates in runs.items():
        best = max(rates, key=lambda rate: rates[rate]['choose'])
        choice = f'of {", ".join(rates)}' if len(rates) > 1 else '(only)'
        figures = (rates[best][each] for each in ('choose', 'report'))
        cells = [f'{best} {choice}', *(f'{each:.1f}' for each in figures)]
        expected.append((-rates[best]['report'], [NAMES[method], *cells]))
    found = [[x.strip(' ‡') for x in line.split('|')[1:-1]] for line in table]
    assert found == [cells for _, cells in sorted(expected)]
    reference, other, difference = compared(RESULTS / 'rates/chosen-delta.json')
    assert [found[1][-1], found[0][-1]] == [reference, other]
    assert f'SCANet+ is {difference} above DELTA there' in text


def test_the_second_seed_at_a_rate_for_each_has_the_files_figures(
    text, compared, written
):
    path = RESULTS / 'rates/chosen-delta-seed1.json'
    reference, other, difference = compared(path)
    assert f'on an AMD EPYC: {other} and {reference}, {difference}' in text
    (comparison,) = json.loads(path.read_text()).values()
    large, medium = (
        written(comparison['groups'][size]['difference'])
        for size in ('large', 'medium')
    )
    said = 'on large labels SCANet+ is behind, {}, on medium ones ahead, {}.'
    assert said.format(large, medium) in text


@pytest.mark.parametrize(('rate', 'column'), [('0.0015', 3), ('0.005', 4)])
def test_methods_at_another_rate_have_the_tables_figures(rate, column, page):
    path = RESULTS / 'rates' / rate / 'voc07-val-mobilenetv2.csv'
    rows = Results.load(path).sorted_rows()
    assert rows
    start = page.index('| method | rate 0.0005 | 0.0015 | 0.005 |')
    table = page[start : page.index('', start)]
    for each in rows:
        name = NAMES[each['method']]
        (line,) = (x for x in table if x.startswith(f'| {name} |'))
        assert line.split('|')[column].split()[0] == f'{float(each["mAP"]):.1f}'
