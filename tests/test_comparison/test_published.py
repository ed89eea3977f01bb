"""The record of published weights."""

from pathlib import Path

import pytest

from mmscanet.comparison import Published, load_published, save_published
from mmscanet.errors import DataError

ENTRY = Published(
    weights='checkpoints/a-01234567.pth',
    sha256='0123456789abcdef' * 4,
    size=1000,
    dtype='float16',
    metrics=dict(mAP=80.5, CF1=70.0, OF1=75.0),
    mAP_before=80.51,
    data='ContextShapes',
    command='python tools/train.py a.py',
)


def test_what_is_saved_is_loaded_sorted(tmp_path: Path) -> None:
    path = tmp_path / 'published.json'
    assert load_published(path) == {}
    save_published(path, dict(b=ENTRY, a=ENTRY))
    assert load_published(path) == dict(a=ENTRY, b=ENTRY)
    assert list(load_published(path)) == ['a', 'b']


@pytest.mark.parametrize('text', ['{', '[]', '{"a": {"sha256": "0"}}', '{"a": 1}'])
def test_what_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / 'published.json'
    path.write_text(text)
    with pytest.raises(DataError, match='published.json is no record'):
        load_published(path)
