"""The index of the model zoo: ``model-index.yml`` and the metafiles behind it."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mmengine.fileio import load
from mmengine.infer import BaseInferencer

from mmscanet.errors import UsageError


@dataclass(frozen=True)
class ZooModel:
    """One model of the zoo.

    Attributes:
        name: As in the metafile: the config's file name without suffix.
        config: Path of the config file.
        weights: Where its checkpoint lies, a URL or the path of a file that is shipped
            with the repository; ``None`` if none is published.
        sha256: Of that file, in hexadecimal.
        size: Of that file, in bytes.
        metadata: What else the metafile says, such as the training data.
        results: The metafile's results: data set, task and figures.

    Raises:
        UsageError: There are weights, but no hash or size.
    """

    name: str
    config: Path
    weights: str | None = None
    sha256: str | None = None
    size: int | None = None
    metadata: dict[str, object] = field(default_factory=dict)
    results: tuple[dict[str, object], ...] = ()

    def __post_init__(self) -> None:
        if self.weights is not None and None in (self.sha256, self.size):
            raise UsageError(
                f'the metafile names weights of {self.name}, but not the SHA256 and '
                'size to check them by'
            )


def zoo_root() -> Path:
    """Return the folder that the index's paths start from."""
    # The clone, or mmscanet/.mim of an installed package.
    return Path(BaseInferencer._get_repo_or_mim_dir('mmscanet'))


def is_url(place: str) -> bool:
    """Tell a URL from a path, which may have a drive's letter."""
    return re.match(r'[a-z][a-z0-9+.-]+:', place, re.IGNORECASE) is not None


def list_models() -> Iterator[ZooModel]:
    """Yield the models of the zoo, in the order of the metafiles."""
    root = zoo_root()
    index = load(root / 'model-index.yml')['Import']
    # The peers are in a clone only.
    for metafile in [*index, *sorted(root.glob('projects/*/metafile.yml'))]:
        for entry in load(root / metafile)['Models']:
            yield _read_entry(entry, root)


def _read_entry(entry: dict[str, object], root: Path) -> ZooModel:
    metadata = dict(entry.get('Metadata') or {})
    weights = entry.get('Weights')
    if weights is not None and not is_url(weights):
        weights = str(root / weights)
    return ZooModel(
        name=entry['Name'],
        config=root / entry['Config'],
        weights=weights,
        sha256=metadata.pop('SHA256', None),
        size=metadata.pop('Size (bytes)', None),
        metadata=metadata,
        results=tuple(entry.get('Results') or ()),
    )


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
