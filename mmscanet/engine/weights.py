"""The files of weights that a run starts from, and clear words where they fail."""

import pickle
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit

import torch
from mmdet.registry import DATASETS
from mmengine.config import Config, ConfigDict
from torch import Tensor, nn

from mmscanet.errors import UsageError

from .nested import nested_items


def check_checkpoint(path: str) -> None:
    """Refuse a local file that is no checkpoint; a URL is left to the runner.

    Raises:
        UsageError: Names the file.
    """
    if '://' in path:
        return
    if not Path(path).is_file():
        raise UsageError(f'checkpoint {path} does not exist')
    try:
        # Mapped into memory, the weights themselves are not read. mmengine's
        # checkpoints hold more than weights.
        mapped = zipfile.is_zipfile(path)
        content = torch.load(path, 'cpu', weights_only=False, mmap=mapped)
    except Exception as error:  # unpickling a foreign file may raise anything
        reason = str(error).split('. ')[0].splitlines() or ['the file ends too early']
        raise UsageError(
            f'checkpoint {path} is none, or damaged '
            f'({type(error).__name__}: {reason[0]})'
        ) from error
    if not isinstance(content, dict):
        raise UsageError(
            f'checkpoint {path} is none: it holds a {type(content).__name__}'
        )


def load_weights(path: str | Path) -> dict[str, Any]:
    """Read a checkpoint that holds weights and plain data, and run no code from it.

    Returns:
        Its content, the tensors on the CPU and mapped from the file.

    Raises:
        UsageError: It holds more, or is no checkpoint; names the file.
    """
    # Only torch's present format: in older torch the former one had holes.
    if not zipfile.is_zipfile(path):
        raise UsageError(f'checkpoint {path} is none, or damaged')
    try:
        content = torch.load(path, 'cpu', weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        found = re.search(r'GLOBAL (\S+)', str(error))
        raise UsageError(
            f'checkpoint {path} is refused: it holds more than weights'
            f'{f" ({found[1]})" if found else ""}, which could run code'
        ) from error
    except Exception as error:  # a damaged file may raise anything
        raise UsageError(
            f'checkpoint {path} is none, or damaged ({type(error).__name__})'
        ) from error
    if not isinstance(content, dict):
        raise UsageError(
            f'checkpoint {path} is none: it holds a {type(content).__name__}'
        )
    return content


def check_state_dict(model: nn.Module, state_dict: Mapping[str, Tensor]) -> None:
    """Refuse weights that leave parameters of ``model`` at their random start, or NaN.

    mmengine only warns about the former, and the figures would be meaningless.

    Raises:
        UsageError: See :func:`check_shapes`; or some are not finite.
    """
    check_shapes(model, state_dict)
    expected, given = model.state_dict(), _plain_names(state_dict)
    spoilt = [
        key for key in expected if key in given and not torch.isfinite(given[key]).all()
    ]
    if spoilt:
        raise UsageError(
            f'the checkpoint has values that are no numbers (NaN or inf) in '
            f'{len(spoilt)} of {len(expected)} parameters, e.g. {spoilt[0]}: its '
            'training has diverged'
        )


def check_shapes(model: nn.Module, state_dict: Mapping[str, Tensor]) -> None:
    """Refuse weights that are not all of those of ``model``.

    Raises:
        UsageError: Names some of the parameters that are missing or differ.
    """
    expected, given = model.state_dict(), _plain_names(state_dict)
    wrong = [
        key
        for key, value in expected.items()
        if not key.endswith('num_batches_tracked')
        and (key not in given or given[key].shape != value.shape)
    ]
    if wrong:
        raise UsageError(
            'the checkpoint is not of this model: '
            f'{len(wrong)} of {len(expected)} parameters are missing or have '
            f'another shape, e.g. {", ".join(wrong[:3])}'
        )


def _plain_names(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights by the names that they have outside of a distributed wrapper."""
    return {key.removeprefix('module.'): value for key, value in state_dict.items()}


def stored_meta(checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a checkpoint says of its labels, keys in small letters; maybe {}."""
    meta = (checkpoint.get('meta') or {}).get('dataset_meta') or {}
    return {key.lower(): value for key, value in meta.items()}


def dataset_meta(
    checkpoint: Mapping[str, Any], cfg: Config | ConfigDict
) -> dict[str, Any]:
    """Return what a checkpoint says of its labels, or else what its data set does.

    The data set's files are not read.

    Returns:
        The ``metainfo`` of a data set, keys in small letters; it has ``classes``.
    """
    meta = stored_meta(checkpoint)
    if 'classes' not in meta:
        dataset = cfg.test_dataloader.dataset
        meta = DATASETS.get(dataset.type)._load_metainfo(dataset.get('metainfo'))
    return meta


def pretrained_checkpoints(cfg: Config) -> dict[str, str]:
    """Return ``{config key: checkpoint}`` of the weights that a run starts from."""
    found: dict[str, str] = {}
    if cfg.get('load_from'):
        found['load_from'] = cfg.load_from
    for key, node in nested_items(cfg.get('model'), 'model'):
        pretrained = isinstance(node, dict) and node.get('type') == 'Pretrained'
        if pretrained and node.get('checkpoint'):
            found[f'{key}.checkpoint'] = node['checkpoint']
    return found


@contextmanager
def explain_missing_weights(cfg: Config) -> Iterator[None]:
    """Turn weights that cannot be had or read into a :class:`UsageError`.

    Covers what a download raises, a local path that does not exist and a file that is
    no checkpoint; any other error passes through unchanged.
    """
    try:
        yield
    except (OSError, HTTPException, pickle.UnpicklingError) as error:
        for key, checkpoint in pretrained_checkpoints(cfg).items():
            if (reason := _fault(checkpoint, error)) is None:
                continue
            advice = 'name it'
            if key != 'load_from':
                advice = (
                    f'pass --cfg-options {key}=/path/to/file.pth, or train from random '
                    f'weights with {key.removesuffix(".checkpoint")}=None'
                )
            raise UsageError(
                f'could not load the weights {checkpoint} ({reason}). Fetch the file '
                f'on a connected machine and {advice}'
            ) from error
        raise


def _fault(checkpoint: str, error: Exception) -> str | None:
    """Say what is wrong with some weights; None if ``error`` is not of theirs."""
    remote = '://' in checkpoint
    if isinstance(error, pickle.UnpicklingError):
        if not remote:
            return None if zipfile.is_zipfile(checkpoint) else 'it is no checkpoint'
        # torch keeps what it was sent, and would read it again.
        name = Path(urlsplit(checkpoint).path).name
        kept = Path(torch.hub.get_dir(), 'checkpoints', name)
        return f'what came is no checkpoint, or not all of it; delete {kept}'
    network = (URLError, HTTPException, ConnectionError, TimeoutError)
    if (remote and isinstance(error, network)) or checkpoint in str(error):
        return str(error)
    return None
