"""Relations between labels from a file."""

from pathlib import Path

import torch
from torch import Tensor

from mmscanet.errors import MissingDataError, UnreadableDataError
from mmscanet.models.layers import LearnsLabels


class KnowledgeGraph(LearnsLabels):
    """How strongly labels are related by what is known of them; 0 before training.

    KSSNet takes this from ConceptNet. Nothing is downloaded here: the user's file has
    two names and a weight a line, with tabs between. A relation holds both ways, and
    the weights of several between two labels add up, as relations of different kinds
    do. Names that are no labels are passed over. The file is read when training starts,
    and not needed afterwards.

    Args:
        num_classes: C.
        file: The file.

    Attributes:
        weights: (C, C) float, symmetric, at least 0; the diagonal is 0.
    """

    def __init__(self, num_classes: int, file: str) -> None:
        super().__init__()
        self.file = file
        self.register_buffer('weights', torch.zeros(num_classes, num_classes))

    def forward(self) -> Tensor:
        """The weights (C, C)."""
        return self.weights

    def learn_labels(self, cells: Tensor, classes: tuple[str, ...]) -> None:
        """Read the file; see :meth:`LearnsLabels.learn_labels`.

        Raises:
            MissingDataError: The file is not there.
            UnreadableDataError: A line is not as described, or none is about labels.
        """
        self.weights.copy_(read_relations(Path(self.file), classes))


def read_relations(file: Path, classes: tuple[str, ...]) -> Tensor:
    """The weights (C, C) of a file; see :class:`KnowledgeGraph`.

    Raises:
        MissingDataError: The file is not there.
        UnreadableDataError: A line is not as described, or none is about labels.
    """
    index = {plain(name): i for i, name in enumerate(classes)}
    weights = torch.zeros(len(classes), len(classes))
    try:
        lines = file.read_text(encoding='utf-8-sig').splitlines()
    except FileNotFoundError as error:
        raise MissingDataError(
            f'the file of relations {str(file)!r} does not exist'
        ) from error
    except (OSError, ValueError) as error:
        raise UnreadableDataError(f'{file}: {error}') from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        first, second, weight = parse(line, f'{file}, line {number}')
        if first in index and second in index and first != second:
            weights[index[first], index[second]] += weight
            weights[index[second], index[first]] += weight
    if not weights.any():
        raise UnreadableDataError(f'{file} relates no two of the labels')
    return weights


def parse(line: str, where: str) -> tuple[str, str, float]:
    """The two plain names and the weight of a line."""
    try:
        first, second, weight = line.split('\t')
        # As the graph has it: in single precision.
        if not 0 <= torch.tensor(float(weight)) < float('inf'):
            raise ValueError
    except ValueError as error:
        raise UnreadableDataError(
            f'{where}: needs two names and a weight of at least 0, with tabs between, '
            f'not {line!r}'
        ) from error
    return plain(first), plain(second), float(weight)


def plain(name: str) -> str:
    """A name as it is compared: ``Dining_table`` is ``dining table``."""
    return ' '.join(name.lower().replace('_', ' ').split())
