"""The CSV and the JSON beside it."""

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

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
    later.add(make_row('low', 1, 71.0, mAP_small=None))
    later.save()
    rows = Results.load(results.path).sorted_rows()
    assert [(row['seed'], row['mAP']) for row in rows[2:]] == [
        *(('0', '79.5'), ('1', '71'), ('2', '75'))
    ]
    assert rows[3]['mAP_small'] == ''


def test_rows_that_others_wrote_meanwhile_stay(results, make_row):
    path = results.path
    results.save()
    mine, theirs = Results.load(path), Results.load(path)
    theirs.add(make_row('low', 1, 60.0, run='theirs'))
    theirs.add(make_row('new', 0, 50.0))
    theirs.save()
    mine.add(make_row('high', 0, 81.0, run='mine'))
    mine.add(make_row('high', 1, 84.0))
    # The row of another run is told of; the same run's again is not.
    ((old, new),) = mine.take_up()
    assert (old['mAP'], old['run'], new['mAP'], new['run']) == ('80', '1', '81', 'mine')
    mine.save()
    assert mine.take_up() == []
    found = {(row['method'], row['seed']): row['mAP'] for row in mine.sorted_rows()}
    expected = {('high', '0'): '81', ('high', '1'): '84', ('new', '0'): '50'}
    assert found == {**expected, ('low', '0'): '79.5', ('low', '1'): '60'}
    assert Results.load(path).rows == mine.rows


def test_a_table_that_became_another_meanwhile_is_refused(results, make_row, protocol):
    theirs = Results(results.path)
    theirs.add(make_row('new', 0, 50.0, protocol=replace(protocol, test_images=4)))
    theirs.save()
    with pytest.raises(UsageError, match='images evaluated: 4 and 300'):
        results.take_up()


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


def edit_row(path: Path, line: int, **cells: str) -> None:
    """Change cells of a row; ``line`` counts as an editor does."""
    with path.open(newline='') as file:
        rows = list(csv.reader(file))
    for name, cell in cells.items():
        rows[line - 1][rows[0].index(name)] = cell
    with path.open('w', newline='') as file:
        csv.writer(file, lineterminator='\n').writerows(rows)


@pytest.mark.parametrize(
    ('cells', 'words'),
    [
        (dict(mAP=''), "line 3: mAP is '', and not a number"),
        (dict(mAP='8O'), "line 3: mAP is '8O', and not a number"),
        (dict(mAP='nan'), "line 3: mAP is 'nan', and not a number"),
        (dict(CF1='high'), "line 3: CF1 is 'high', and not a number"),
        (dict(predict_seconds='1 s'), "line 3: predict_seconds is '1 s', and not"),
        (dict(seed='one'), "line 3: seed is 'one', and not a whole number"),
        (dict(parameters='1.5'), "line 3: parameters is '1.5', and not a whole number"),
        (dict(seed='0'), 'line 3: an earlier line has its config and seed'),
    ],
)
def test_a_wrong_cell_is_named(results, cells, words):
    results.save()
    edit_row(results.path, 3, **cells)
    with pytest.raises(DataError, match=re.escape(words)) as error:
        Results.load(results.path)
    assert '\n' not in str(error.value)


def test_lines_of_another_length_are_named(results):
    """As a stopped copy or an editor leaves them."""
    results.save()
    text = results.path.read_text()
    columns = len(text.splitlines()[0].split(','))
    for broken, words in (
        (text.rpartition(',')[0], f'line 5: {columns - 1} cells and not {columns}'),
        (text[:-1] + ',1\n', f'line 5: {columns + 1} cells and not {columns}'),
        ('', 'there is no line'),
    ):
        results.path.write_text(broken)
        with pytest.raises(DataError, match=re.escape(f'({words}); mend them')):
            Results.load(results.path)


def test_a_missing_column_is_named(results):
    results.save()
    text = results.path.read_text()
    results.path.write_text(text.replace('mAP_small', 'mAP_tiny', 1))
    with pytest.raises(DataError, match='no column mAP_small'):
        Results.load(results.path)


def test_a_table_without_recipes_is_refused(results):
    """As earlier versions wrote them."""
    results.save()
    with results.path.open(newline='') as file:
        rows = list(csv.DictReader(file))
    columns = [name for name in rows[0] if name != 'recipe']
    with results.path.open('w', newline='') as file:
        writer = csv.DictWriter(file, columns, extrasaction='ignore')
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(DataError, match=r'\(no column recipe\); mend them, move'):
        Results.load(results.path)


def test_what_is_not_measured_may_be_empty(results):
    results.save()
    edit_row(results.path, 3, mAP_small='', train_seconds='')
    assert Results.load(results.path).sorted_rows()[1]['mAP_small'] == ''
