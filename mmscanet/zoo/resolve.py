"""From what people name to the files that a model is built from."""

from pathlib import Path

from .download import download_checkpoint
from .index import find_model

_CONFIG_SUFFIXES = ('.py', '.json', '.yaml', '.yml')


def resolve_model(
    model: str, weights: str | None, progress: bool = True
) -> tuple[str, str | None]:
    """Return config file and checkpoint of a config file or a name of the zoo.

    Args:
        model: A path, which need not exist, or a name.
        weights: A checkpoint. By default, for a name, the zoo's, which is fetched if it
            is not on this machine.
        progress: See :func:`~mmscanet.zoo.download_checkpoint`.

    Raises:
        UsageError: There is no such name, or its checkpoint cannot be fetched.
    """
    if Path(model).is_file() or Path(model).suffix in _CONFIG_SUFFIXES:
        return model, weights
    entry = find_model(model)
    if weights is None and entry.weights is not None:
        weights = str(download_checkpoint(entry, progress=progress))
    return str(entry.config), weights
