"""From which checkpoint ``train.py --resume`` goes on, and which it refuses."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from mmscanet.engine.resume import last_checkpoint
from mmscanet.errors import UsageError


@pytest.fixture
def rewritten(tiny_checkpoint: Path, tmp_path: Path) -> Callable[..., Path]:
    """Write a checkpoint of the tiny model after a change of its content."""

    def rewrite(change: Callable[[dict[str, Any]], None]) -> Path:
        content = torch.load(tiny_checkpoint, weights_only=False)
        change(content)
        path = tmp_path / 'changed.pth'
        torch.save(content, path)
        return path

    return rewrite


def swap_labels(content: dict[str, Any]) -> None:
    names = [*content['meta']['dataset_meta']['classes']]
    content['meta']['dataset_meta']['classes'] = [names[1], names[0], *names[2:]]


def drop_label(content: dict[str, Any]) -> None:
    meta = content['meta']['dataset_meta']
    meta['classes'] = meta['classes'][1:]


def narrow_head(content: dict[str, Any]) -> None:
    weights = content['state_dict']
    weights['roi_head.bbox_head.fc_cls.weight'] = torch.zeros(3, 4)
    content['ema_state_dict'] = {f'module.{k}': v for k, v in weights.items()}


@pytest.mark.parametrize(
    ('change', 'expected'),
    [
        (swap_labels, 'label 1 is'),
        (drop_label, 'labels, the config 11'),
        (narrow_head, 'e.g. roi_head.bbox_head.fc_cls.weight'),
    ],
)
def test_another_training_is_not_gone_on_with(
    change: Callable,
    expected: str,
    rewritten: Callable,
    tiny_config: Path,
    tmp_path: Path,
    refused: Callable[..., str],
) -> None:
    path = rewritten(change)
    # Averaged weights would be loaded before, and not fit either.
    averaged = tmp_path / 'averaged.py'
    averaged.write_text(
        f"_base_ = '{tiny_config}'\n"
        "custom_hooks = [*_base_.custom_hooks, dict(type='EMAHook')]\n"
    )
    for config in (tiny_config, averaged):
        line = refused(
            *('train', config, '--work-dir', tmp_path / 'run', '--resume', path)
        )
        assert expected in line
        assert f'load_from={path}' in line


def save(path: Path, age: int) -> Path:
    """Write a small checkpoint that is ``age`` seconds old."""
    torch.save(dict(state_dict={}), path)
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - age))
    return path


def test_a_folder_without_checkpoints_starts_anew(tmp_path: Path) -> None:
    assert last_checkpoint(tmp_path) is None
    assert last_checkpoint(tmp_path / 'none') is None


def test_a_copied_folder_goes_on_from_its_own_file(tmp_path: Path) -> None:
    old, new = tmp_path / 'old', tmp_path / 'new'
    old.mkdir()
    new.mkdir()
    noted = save(old / 'epoch_1.pth', 0)
    (new / 'last_checkpoint').write_text(str(noted))
    # Without a copy the noted one, as where checkpoints are kept elsewhere.
    assert last_checkpoint(new) == str(noted)
    own = save(new / 'epoch_1.pth', 0)
    assert last_checkpoint(new) == str(own)
    # An older one is of an older run.
    save(own, 60)
    assert last_checkpoint(new) == str(noted)
    noted.unlink()
    assert last_checkpoint(new) == str(own)


@pytest.mark.parametrize('damage', ['gone', 'cut short'])
def test_the_checkpoint_before_a_damaged_one_is_named(
    damage: str, tmp_path: Path
) -> None:
    last = tmp_path / 'epoch_11.pth'
    (tmp_path / 'last_checkpoint').write_text(str(last))
    with pytest.raises(UsageError) as error:
        last_checkpoint(tmp_path)
    assert 'last_checkpoint names' in str(error.value)
    assert '--resume' not in str(error.value)
    save(tmp_path / 'epoch_8.pth', 0)  # as after a copy, when times say nothing
    save(tmp_path / 'epoch_9.pth', 20)
    (tmp_path / 'epoch_10.pth').write_bytes(b'PK')  # damaged too
    save(tmp_path / 'epoch_12.pth', 30)
    save(tmp_path / 'epoch_best.pth', 0)
    if damage == 'cut short':
        last.write_bytes(save(tmp_path / 'whole.pth', 0).read_bytes()[:300])
    with pytest.raises(UsageError, match=r'--resume \S+/epoch_9\.pth goes on'):
        last_checkpoint(tmp_path)


def test_resume_in_a_config_is_the_option(
    tiny_config: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'epoch_2.pth'))
    line = refused(
        *('train', tiny_config, '--work-dir', tmp_path),
        *('--cfg-options', 'resume=True'),
    )
    assert 'last_checkpoint names' in line
