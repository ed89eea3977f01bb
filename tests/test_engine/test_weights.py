"""A published checkpoint is read without running code from it."""

import os
import zipfile
from pathlib import Path

import pytest
import torch
from torch import nn

from mmscanet.engine.weights import check_state_dict, load_weights
from mmscanet.errors import UsageError


def test_weights_and_plain_data_are_read(tmp_path: Path) -> None:
    path = tmp_path / 'some.pth'
    meta = dict(classes=('a', 'b'), epoch=1)
    torch.save(dict(meta=meta, state_dict=dict(a=torch.ones(3))), path)
    content = load_weights(path)
    assert content['meta'] == meta
    assert torch.equal(content['state_dict']['a'], torch.ones(3))


@pytest.mark.parametrize('content', [b'# A title', b'', b'PK\x03\x04 cut short'])
def test_other_files_are_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'some.pth'
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r'some\.pth is none, or damaged'):
        load_weights(path)


def test_other_content_is_named(tmp_path: Path) -> None:
    path = tmp_path / 'some.pth'
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('some/data.pkl', b'no pickle')
    with pytest.raises(UsageError, match=r'some\.pth is none, or damaged'):
        load_weights(path)
    torch.save([1], path)
    with pytest.raises(UsageError, match=r'some\.pth is none: it holds a list'):
        load_weights(path)
    torch.save({}, path, _use_new_zipfile_serialization=False)
    with pytest.raises(UsageError, match=r'some\.pth is none, or damaged'):
        load_weights(path)


def test_code_is_refused_and_not_run(tmp_path: Path) -> None:
    class Code:
        def __reduce__(self) -> tuple:
            return os.mkdir, (str(tmp_path / 'ran'),)

    path = tmp_path / 'some.pth'
    torch.save(dict(state_dict={}, code=Code()), path)
    with pytest.raises(UsageError, match=r'refused: .*than weights \(posix\.mkdir\)'):
        load_weights(path)
    assert not (tmp_path / 'ran').exists()
    torch.save(dict(state_dict={}, path=Path('x')), path)
    with pytest.raises(UsageError, match=r'refused: .*than weights \(pathlib'):
        load_weights(path)


def test_weights_that_are_no_numbers_are_refused() -> None:
    model = nn.Linear(2, 1)
    state = {**model.state_dict(), 'weight': torch.tensor([[1.0, float('nan')]])}
    with pytest.raises(UsageError, match=r'no numbers .* 1 of 2 parameters.*weight'):
        check_state_dict(model, state)
    check_state_dict(model, model.state_dict())
