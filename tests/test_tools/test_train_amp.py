"""``tools/train.py --amp``: which precision it takes, and that it trains in it."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch
from mmengine.config import Config


def test_mixed_precision_trains(
    tiny_config: Path, tmp_path: Path, run_tool: Callable[..., None]
) -> None:
    run_tool(
        *('train', tiny_config, '--amp', '--work-dir', tmp_path),
        *('--cfg-options', 'train_cfg.max_epochs=1'),
    )
    log = next(tmp_path.glob('*/*.log')).read_text()
    assert "type='Bfloat16OptimWrapper'" in log
    assert 'multi-label/mAP' in log
    state = torch.load(tmp_path / 'epoch_1.pth', weights_only=False)['state_dict']
    floats = [value for value in state.values() if value.is_floating_point()]
    assert all(
        value.dtype == torch.float32 and value.isfinite().all() for value in floats
    )


@pytest.mark.parametrize(
    ('gpu', 'expected'),
    [
        (None, dict(type='Bfloat16OptimWrapper')),
        ('new', dict(type='Bfloat16OptimWrapper')),
        ('old', dict(type='AmpOptimWrapper', loss_scale='dynamic')),
    ],
)
def test_precision_is_what_the_device_has(
    gpu: str | None,
    expected: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    load_tool: Callable[[str], ModuleType],
) -> None:
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: gpu is not None)
    monkeypatch.setattr(
        torch.cuda,
        'is_bf16_supported',
        # An old one computes it too, slowly.
        lambda including_emulation=True: including_emulation or gpu == 'new',
    )
    enable_amp = load_tool('train').enable_amp
    for before in (dict(), dict(type='OptimWrapper')):
        cfg = Config(dict(optim_wrapper=before))
        enable_amp(cfg)
        assert cfg.optim_wrapper == expected
    # What a config chose is left to it.
    chosen = [dict(type='Bfloat16OptimWrapper', accumulative_counts=2)]
    if gpu is not None:
        chosen.append(dict(type='AmpOptimWrapper', dtype='float16', loss_scale=512.0))
    for own in chosen:
        cfg = Config(dict(optim_wrapper=own))
        enable_amp(cfg)
        assert cfg.optim_wrapper == own
