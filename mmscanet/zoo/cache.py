"""Where checkpoints of the zoo lie on this machine, and whether they are intact.

A file is taken for a model's checkpoint by its content alone: size and SHA-256.
"""

import hashlib
import os
from pathlib import Path

import torch

from mmscanet.errors import UsageError

from .index import ZooModel, is_url

CACHE_VARIABLE = 'MMSCANET_CACHE'
_CHUNK = 1 << 20


def cache_dir() -> Path:
    """Return the folder of fetched checkpoints, which need not exist.

    It is the one that the environment names in ``MMSCANET_CACHE``, or ``mmscanet`` in
    the folder of torch's and OpenMMLab's own downloads.
    """
    own = os.environ.get(CACHE_VARIABLE)
    if own:
        return Path(own).expanduser()
    return Path(torch.hub.get_dir(), 'checkpoints', 'mmscanet')


def require_published(model: ZooModel) -> None:
    """Refuse a model that has no checkpoint.

    Raises:
        UsageError: Names the model.
    """
    if model.weights is None:
        raise UsageError(f'no checkpoint is published for {model.name} yet')


def file_name(model: ZooModel) -> str:
    """Return the name that a published checkpoint has in the cache.

    The hash in it keeps a later checkpoint of the same model apart.
    """
    return f'{model.name}-{model.sha256[:8]}.pth'


def possible_files(model: ZooModel) -> tuple[Path, ...]:
    """Return where a published checkpoint may lie: in the repository, in the cache."""
    cached = cache_dir() / file_name(model)
    return (cached,) if is_url(model.weights) else (Path(model.weights), cached)


def find_file(model: ZooModel) -> Path | None:
    """Return a published checkpoint's file on this machine, its content unchecked."""
    return next((path for path in possible_files(model) if path.is_file()), None)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def find_fault(path: Path, model: ZooModel) -> str | None:
    """Say in what a file differs from a published checkpoint, if it does."""
    size = path.stat().st_size
    if size != model.size:
        return f'it has {size:,} bytes, not the {model.size:,} of {model.name}'
    sha256 = sha256_of(path)
    if sha256 != model.sha256:
        return f'its SHA256 is {sha256}, not the {model.sha256} of {model.name}'
    return None


def is_intact(path: Path, model: ZooModel) -> bool:
    """Tell whether a file is there and is the published checkpoint."""
    return path.is_file() and find_fault(path, model) is None
