"""Mistakes in a config that mmengine would meet late, or never."""

import difflib
import inspect
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

from mmscanet.errors import ConfigError, UsageError

# Read by the runner with `cfg.get`, so a config need not name them.
_OPTIONAL_KEYS = {
    'activation_checkpointing',
    'compile',
    'custom_imports',
    'efficient_conv_bn_eval',
    'find_unused_parameters',
    'model_wrapper_cfg',
    'runner_type',
    'sync_bn',
}

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
# Read late in a run, or not checked by who reads them; each with its least value.
_NUMBERS: dict[str, tuple[type | tuple[type, ...], int]] = {
    'train_cfg.max_epochs': (int, 1),
    'train_cfg.max_iters': (int, 1),
    'train_cfg.val_begin': (int, 0),
    'train_cfg.val_interval': (int, 1),
    'default_hooks.checkpoint.interval': (int, -1),  # -1: never
    'default_hooks.logger.interval': (int, 1),
    'model.test_cfg.rcnn.score_thr': ((int, float), 0),
    **{f'{loader}.batch_size': (int, 1) for loader in LOADERS},
}


def check_values(cfg: Config) -> None:
    """Refuse values that would end a run after its first epoch, or let none begin.

    What builds the parts of a run checks the rest.

    Raises:
        ConfigError: Names the key, and what it may be.
    """
    for name in (*LOADERS, 'model', 'train_cfg', 'optim_wrapper', 'default_hooks'):
        if not isinstance(part := cfg.get(name) or {}, dict):
            raise ConfigError(f'{name} must be a dict, not {part!r}')
    for key, (kind, least) in _NUMBERS.items():
        node: Any = cfg._cfg_dict
        for part in key.split('.'):
            node = node.get(part) if isinstance(node, dict) else None
        if node is None:
            continue
        if isinstance(node, bool) or not isinstance(node, kind) or not node >= least:
            number = 'a whole number' if kind is int else 'a number'
            raise ConfigError(f'{key} must be {number} from {least} on, not {node!r}')


def check_option(cfg: Config, key: str) -> None:
    """Refuse a dotted key that is most likely a typing mistake.

    mmengine adds any unknown key without a word. A new key is right where it is an
    argument of a class (inside a dict with ``type``) or a setting of the runner; it
    is refused when it nearly equals a present one, when its first part is unknown,
    or when it would open a new dict in a place where none is expected.

    Raises:
        UsageError: Names the key, and the nearest one that exists.
    """
    node: Any = cfg._cfg_dict
    parts = key.split('.')
    for depth, part in enumerate(parts):
        if isinstance(node, (list, tuple)):
            if not part.isdigit() or int(part) >= len(node):
                raise UsageError(
                    f'--cfg-options {key}: "{part}" is no index of a list of '
                    f'{len(node)} items'
                )
            node = node[int(part)]
        elif not isinstance(node, dict):
            return  # a plain value is replaced by a dict; mmengine judges that
        elif part in node:
            node = node[part]
        else:
            _refuse_unlikely_key(node, key, parts, depth)
            return


def _refuse_unlikely_key(node: dict, key: str, parts: list[str], depth: int) -> None:
    """Raise UsageError unless ``parts[depth]`` may be new in ``node``."""
    part, known = parts[depth], [name for name in node if isinstance(name, str)]
    if depth == 0:
        known += [*inspect.signature(Runner.__init__).parameters, *_OPTIONAL_KEYS]
        if part in known:
            if len(parts) > 1 and parts[1].isdigit():
                raise UsageError(f'--cfg-options {key}: the config has no {part}')
            return
    # Argument names of one class can be alike (in_channels, out_channels); only a very
    # near one decides, a less near one is still a useful hint.
    nearly_known = difflib.get_close_matches(part, known, n=1, cutoff=0.85)
    opens_dict = depth < len(parts) - 1 and 'type' not in node
    if nearly_known or depth == 0 or opens_dict:
        near = difflib.get_close_matches(part, known, n=1, cutoff=0.6)
        hint = f'; did you mean "{near[0]}"?' if near else ''
        raise UsageError(f'--cfg-options {key}: the config has no key "{part}"{hint}')
