"""Files of predictions: what they hold and how a torn one is gone on with."""

import csv
import json
import os
from pathlib import Path

import pytest

from mmscanet.commands.records import check_out, open_records
from mmscanet.errors import OutputError, UsageError

BOX = dict(
    box=[1.0, 2.0, 3.0, 4.5],
    context_box=None,
    score=0.9,
    object_score=0.8,
    context_score=None,
)
LABEL = dict(
    label='dog, or "wolf"',
    score=0.9,
    threshold=0.5,
    object_score=0.8,
    context_score=None,
    scene_score=None,
    context_only=False,
    boxes=[BOX, BOX],
)


def prediction(image: str, count: int) -> dict[str, object]:
    """One image with ``count`` labels."""
    return dict(image=image, width=5, height=6, labels=[LABEL] * count)


NAMES = ['a.jpg', 'ü\n.jpg', 'c\r.jpg', os.fsdecode(b'\xff.jpg')]
IMAGES = [prediction(name, n) for name, n in zip(NAMES, (2, 0, 1, 1), strict=True)]


@pytest.fixture(params=['.jsonl', '.csv'])
def out(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file with four images, three of them with names that are hard to write."""
    path = tmp_path / f'out{request.param}'
    with open_records(str(path)) as records:
        assert records.done == set()
        for each in IMAGES:
            records.write(each)
    return path


def test_json_lines_hold_everything(tmp_path: Path) -> None:
    path = tmp_path / 'out.jsonl'
    with open_records(str(path)) as records:
        for each in IMAGES:
            records.write(each)
    assert [json.loads(line) for line in path.read_text().splitlines()] == IMAGES


def test_csv_has_a_row_for_each_label(tmp_path: Path) -> None:
    path = tmp_path / 'out.csv'
    with open_records(str(path)) as records:
        for each in IMAGES:
            records.write(each)
    with path.open(newline='', errors='surrogateescape') as file:
        rows = list(csv.DictReader(file))
    assert [(r['image'], r['rank'], r['of']) for r in rows] == [
        ('a.jpg', '1', '2'),
        ('a.jpg', '2', '2'),
        ('ü\n.jpg', '0', '0'),
        ('c\r.jpg', '1', '1'),
        (os.fsdecode(b'\xff.jpg'), '1', '1'),
    ]
    assert rows[2]['label'] == ''
    first = rows[0]
    assert (first['label'], first['context_score']) == ('dog, or "wolf"', '')
    assert [first[x] for x in ('x1', 'y1', 'x2', 'y2')] == ['1.0', '2.0', '3.0', '4.5']


def test_every_torn_end_is_gone_on_with(out: Path) -> None:
    """Whatever byte a killed run stopped at, the file ends up as if it had not."""
    whole = out.read_bytes()
    for length in range(len(whole)):
        out.write_bytes(whole[:length])
        with open_records(str(out)) as records:
            missing = [x for x in IMAGES if x['image'] not in records.done]
            assert missing == IMAGES[len(IMAGES) - len(missing) :]
            for each in missing:
                records.write(each)
        assert out.read_bytes() == whole, length


def test_an_image_is_there_as_soon_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / 'out.jsonl'
    with open_records(str(path)) as records:
        records.write(IMAGES[0])
        assert json.loads(path.read_text()) == IMAGES[0]


def test_other_files_are_left_alone(out: Path) -> None:
    for text in ('{"no": "image"}\n', 'a,table\n1,2\n', '[]\n', 'a word'):
        out.write_text(text)
        with (
            pytest.raises(UsageError, match='something else than predictions'),
            open_records(str(out)),
        ):
            pass
        assert out.read_text() == text
        assert list(out.parent.iterdir()) == [out]


def test_unusable_files_are_refused_at_once(out: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match='exists: --resume'):
        check_out(str(out), may_exist=False)
    check_out(str(out), may_exist=True)
    with pytest.raises(UsageError, match='must end in .jsonl or .csv'):
        check_out('out.json', may_exist=True)
    with pytest.raises(OutputError, match='cannot write'):
        check_out(str(out / 'below.csv'), may_exist=True)


def test_full_disk_is_told_and_costs_one_entry(tmp_path: Path) -> None:
    path = tmp_path / 'out.jsonl'
    with open_records(str(path)) as records:
        records.write(IMAGES[0])
    with (
        Path('/dev/full').open('a') as full,
        open_records(str(path)) as records,
        pytest.raises(OutputError, match='out.jsonl: No space left'),
    ):
        records._file, real = full, records._file
        real.close()
        records.write(IMAGES[1])
    with open_records(str(path)) as records:
        assert records.done == {'a.jpg'}
