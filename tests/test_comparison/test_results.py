"""The CSV and the JSON beside it."""

import csv
import json
from dataclasses import replace

import pytest

from mmscanet.comparison import Results
from mmscanet.errors import DataError, UsageError


def test_files_hold_the_rows_sorted(results):
    results.save()
    with results.path.open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert [(row['method'], row['seed'], row['mAP']) for row in rows] == [
        *(('high', '0', '80'), ('high', '1', '84')),
        *(('low', '0', '79.5'), ('low', '1', '70')),
    ]
    assert list(rows[0])[:6] == [
        *('method', 'config', 'dataset', 'backbone', 'seed', 'mAP')
    ]
    content = json.loads(results.path.with_suffix('.json').read_text())
    assert {row['protocol'] for row in rows} == {content['protocol']}
    assert content['parts']['test_images'] == 300
    assert not list(results.path.parent.glob('*.partial'))


def test_a_later_comparison_adds_and_replaces(results, make_row):
    results.save()
    first = results.path.read_bytes()
    later = Results.load(results.path)
    later.save()
    assert results.path.read_bytes() == first
    later.add(make_row('low', 2, 75.0))
    later.add(make_row('low', 1, 71.0, flops=None))
    later.save()
    rows = Results.load(results.path).sorted_rows()
    assert [(row['seed'], row['mAP']) for row in rows[2:]] == [
        *(('0', '79.5'), ('1', '71'), ('2', '75'))
    ]
    assert rows[3]['flops'] == ''


def test_rows_of_another_protocol_are_refused(results, make_row, protocol):
    other = replace(protocol, test_images=4)
    with pytest.raises(UsageError, match='shapes-r18.csv and mine_r18_shapes cannot'):
        results.add(make_row('mine', 0, 99.0, protocol=other))
    assert len(results.rows) == 4


@pytest.mark.parametrize('fault', ['columns', 'no json', 'half a json', 'strangers'])
def test_foreign_files_are_refused(results, fault):
    results.save()
    if fault == 'columns':
        results.path.write_text('method,mAP\nmine,99\n')
    elif fault == 'no json':
        results.protocol_path.unlink()
    elif fault == 'half a json':
        results.protocol_path.write_text('{"protocol"')
    else:
        text = results.path.read_text().replace(results.protocol.hash, '0123')
        results.path.write_text(text)
    with pytest.raises(DataError, match='shapes-r18.csv .* name another --out-dir'):
        Results.load(results.path)
