"""Is a file what the zoo published, and can the model be built from it?"""

from collections.abc import Iterator
from pathlib import Path

from mmscanet.engine.launch import load_config
from mmscanet.engine.measure import build
from mmscanet.engine.weights import check_state_dict, load_weights
from mmscanet.errors import UsageError

from .cache import find_fault, find_file, require_published, sha256_of
from .index import ZooModel, find_model, list_models


def verify_model(name: str) -> Path:
    """Verify the checkpoint of a model where it lies on this machine; return its path.

    Raises:
        UsageError: There is none, or its first fault.
    """
    model = find_model(name)
    require_published(model)
    path = find_file(model)
    if path is None:
        raise UsageError(
            f'its checkpoint is not on this machine ("python -m mmscanet zoo download '
            f'{model.name}" fetches it)'
        )
    verify_file(path, model)
    return path


def verify_file(path: Path, model: ZooModel) -> None:
    """Check size and hash, that it holds nothing but weights, and that these fit.

    Raises:
        UsageError: The first fault.
    """
    if fault := find_fault(path, model):
        raise UsageError(f'{path} is damaged or another file: {fault}')
    content = load_weights(path)
    cfg = load_config(str(model.config), needs=('model',))
    check_state_dict(build(cfg.model), content.get('state_dict', content))


def models_of_file(path: Path) -> list[ZooModel]:
    """Return the models whose published checkpoint the file is, by its hash.

    Raises:
        UsageError: It is none of them.
    """
    sha256 = sha256_of(path)
    models = [model for model in list_models() if model.sha256 == sha256]
    if not models:
        raise UsageError(f'no published checkpoint (SHA256 {sha256})')
    return models


def models_here() -> Iterator[ZooModel]:
    """Yield the models whose checkpoint lies on this machine, its content unchecked."""
    for model in list_models():
        if model.weights is not None and find_file(model) is not None:
            yield model
