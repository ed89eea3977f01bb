"""The model zoo: what ``model-index.yml`` and the metafiles behind it list."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mmengine.fileio import load
from mmengine.infer import BaseInferencer

from mmscanet.errors import UsageError

_CONFIG_SUFFIXES = ('.py', '.json', '.yaml', '.yml')


@dataclass(frozen=True)
class ZooModel:
    """One model of the zoo.

    Attributes:
        name: As in the metafile: the config's file name without suffix.
        config: Path of the config file.
        weights: Where its checkpoint lies, a URL, or ``None`` if none is published.
        metadata: What else the metafile says, such as the training data.
        results: The metafile's results: data set, task and figures.
    """

    name: str
    config: Path
    weights: str | None = None
    metadata: dict[str, object] = field(default_factory=dict)
    results: tuple[dict[str, object], ...] = ()


def list_models() -> Iterator[ZooModel]:
    """Yield the models of the zoo, in the order of the metafiles."""
    # The clone, or mmscanet/.mim of an installed package.
    root = Path(BaseInferencer._get_repo_or_mim_dir('mmscanet'))
    index = load(root / 'model-index.yml')['Import']
    # The peers are in a clone only.
    for metafile in [*index, *sorted(root.glob('projects/*/metafile.yml'))]:
        for entry in load(root / metafile)['Models']:
            yield ZooModel(
                name=entry['Name'],
                config=root / entry['Config'],
                weights=entry.get('Weights'),
                metadata=entry.get('Metadata') or {},
                results=tuple(entry.get('Results') or ()),
            )


def resolve_model(model: str, weights: str | None) -> tuple[str, str | None]:
    """Return config file and checkpoint of a config file or a name of the zoo.

    Args:
        model: A path, which need not exist, or a name.
        weights: A checkpoint. By default, for a name, the zoo's.

    Raises:
        UsageError: There is no such name.
    """
    if Path(model).is_file() or Path(model).suffix in _CONFIG_SUFFIXES:
        return model, weights
    entry = find_model(model)
    return str(entry.config), weights or entry.weights


def find_model(name: str) -> ZooModel:
    """Return the model of that name; capital letters do not matter.

    Raises:
        UsageError: There is none; the message names one that is spelt alike.
    """
    models = {model.name.lower(): model for model in list_models()}
    if name.lower() in models:
        return models[name.lower()]
    near = difflib.get_close_matches(name.lower(), models, n=1)
    hint = f'; did you mean "{models[near[0]].name}"?' if near else ''
    raise UsageError(
        f'"{name}" is neither a config file nor a model of the zoo{hint} '
        '("python -m mmscanet zoo list" names them)'
    )
