"""Verifying tells the published checkpoint from any other file."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from mmscanet.errors import UsageError
from mmscanet.zoo import download_checkpoint, find_model
from mmscanet.zoo.verify import models_here, models_of_file, verify_model

Publish = Callable[..., Path]


def test_intact(publish: Publish, tiny_weights: bytes, tmp_path: Path) -> None:
    path = publish(tiny_weights)
    assert verify_model('tiny') == path
    assert [model.name for model in models_of_file(path)] == ['tiny']
    publish(tiny_weights, path.as_uri())
    assert list(models_here()) == []
    with pytest.raises(UsageError, match='not on this machine .*zoo download tiny'):
        verify_model('tiny')
    cached = download_checkpoint(find_model('tiny'))
    assert verify_model('tiny') == cached != path
    assert [model.name for model in models_here()] == ['tiny']


def test_damaged(publish: Publish, tiny_weights: bytes) -> None:
    path = publish(tiny_weights)
    path.write_bytes(tiny_weights[:-1])
    with pytest.raises(UsageError, match='tiny.pth is damaged or .* bytes, not the'):
        verify_model('tiny')
    path.write_bytes(tiny_weights[:-1] + b'!')
    with pytest.raises(UsageError, match='tiny.pth is damaged or .*SHA256 is'):
        verify_model('tiny')
    with pytest.raises(UsageError, match='no published checkpoint'):
        models_of_file(path)


def test_published_by_mistake(publish: Publish, tiny_weights: bytes) -> None:
    content = torch.load(io.BytesIO(tiny_weights), weights_only=True)
    name, value = next(iter(content['state_dict'].items()))
    for wrong, message in [
        (dict(content, more=Path('x')), 'holds more than weights'),
        (
            dict(state_dict={**content['state_dict'], name: value[1:]}),
            'not of this mod',
        ),
    ]:
        file = io.BytesIO()
        torch.save(wrong, file)
        publish(file.getvalue())
        with pytest.raises(UsageError, match=message):
            verify_model('tiny')


def test_weights_without_a_hash_are_refused(
    publish: Publish, tiny_weights: bytes
) -> None:
    metafile = publish(tiny_weights).parents[1] / 'metafile.yml'
    metafile.write_text(metafile.read_text().replace('SHA256', 'MD5'))
    with pytest.raises(UsageError, match='weights of tiny, but not the SHA256'):
        find_model('tiny')
