"""The score file keeps what was written, and says what is wrong with a file."""

from dataclasses import fields

import numpy as np
import pytest

from mmscanet.evaluation import ScoreTable


def records(ids, labels=2, **extra):
    return [
        dict(
            img_id=img_id,
            pred_score=np.full(labels, row / 10, dtype=np.float32),
            gt_score=np.arange(labels, dtype=np.int8) % 2,
            gt_area=np.ones(labels, dtype=np.float32),
            **extra,
        )
        for row, img_id in enumerate(ids)
    ]


def make_table(ids=('a', 'b'), **extra):
    return ScoreTable.from_records(records(ids, **extra), ('cat', 'dog'))


def test_round_trip_without_pickles(tmp_path):
    table = make_table(pred_object_score=np.array([0.25, 0.5], dtype=np.float32))
    path = tmp_path / 'new' / 'folder' / 'scores.npz'
    table.save(path)
    assert [file.name for file in path.parent.iterdir()] == ['scores.npz']
    loaded = ScoreTable.load(path)
    for field in fields(ScoreTable):
        before, after = getattr(table, field.name), getattr(loaded, field.name)
        if before is None:
            assert after is None
        else:
            assert before.dtype == after.dtype
            np.testing.assert_array_equal(before, after)
    assert loaded.pred_context_score is None


def test_records_come_in_the_order_of_their_id_and_once():
    table = ScoreTable.from_records(records(['c', 'a', 'b', 'c']), ('cat', 'dog'))
    assert table.img_id.tolist() == ['a', 'b', 'c']
    # The first record of c is the one that stays.
    np.testing.assert_allclose(table.pred_score[:, 0], [0.1, 0.2, 0.0])


def test_two_images_of_one_id_are_an_error():
    rows = records(['7', '7'])
    rows[1]['gt_score'] = 1 - rows[1]['gt_score']
    with pytest.raises(ValueError, match='share img_id 7'):
        ScoreTable.from_records(rows, ('cat', 'dog'))


def test_branch_of_some_images_only_is_an_error():
    rows = records(['1', '2'])
    rows[0]['pred_object_score'] = rows[0]['pred_score']
    with pytest.raises(ValueError, match='pred_object_score is there for 1 of 2'):
        ScoreTable.from_records(rows, ('cat', 'dog'))


def test_no_images_is_an_error():
    with pytest.raises(ValueError, match='no images'):
        ScoreTable.from_records([], ('cat',))


@pytest.mark.parametrize(
    ('name', 'value', 'message'),
    [
        ('pred_score', np.zeros((2, 3), np.float32), r'pred_score has shape \(2, 3\)'),
        ('pred_score', np.full((2, 2), np.nan), 'image a is not finite'),
        ('gt_score', np.full((2, 2), 2, np.int8), 'gt_score may hold'),
        ('img_id', np.array(['a', 'a']), 'the same image more than once'),
    ],
)
def test_file_with_wrong_values_is_named(tmp_path, name, value, message):
    path = tmp_path / 'scores.npz'
    make_table().save(path)
    arrays = {**np.load(path), name: value}
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=message) as caught:
        ScoreTable.load(path)
    assert str(path) in str(caught.value)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='absent.npz'):
        ScoreTable.load(tmp_path / 'absent.npz')


def test_file_of_another_kind_is_named(tmp_path):
    text, array, other = (tmp_path / name for name in ('t.npz', 'a.npy', 'o.npz'))
    text.write_text('not a zip archive')
    np.save(array, np.zeros(3))
    np.savez(other, pred_score=np.zeros((1, 1)))
    for path in (text, array):
        with pytest.raises(ValueError, match=f'{path.name} cannot be read'):
            ScoreTable.load(path)
    with pytest.raises(ValueError, match=r'o\.npz .* lacks classes, gt_area'):
        ScoreTable.load(other)
