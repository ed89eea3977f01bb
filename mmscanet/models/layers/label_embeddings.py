"""Vectors of labels: from the training labels, or from a file of word vectors."""

from pathlib import Path

import torch
from torch import Tensor

from mmscanet.errors import ConfigError, MissingDataError, UnreadableDataError

from .label_statistics import LabelStatistics, LearnsLabels


class LabelEmbeddings(LearnsLabels):
    """A fixed vector for each label, 0 before training.

    By default from the training labels: a factor of their positive pointwise mutual
    information, ``PPMI = V V^T`` as nearly as its eigenvalues above 0 allow. Word
    vectors are factors of such a matrix, with sentences in place of images (O. Levy
    and Y. Goldberg, "Neural Word Embedding as Implicit Matrix Factorization", NeurIPS
    2014). Nothing is downloaded.

    Args:
        num_classes: C.
        file: Text file of word vectors in the format of GloVe, a word and its numbers
            a line. A label of several words has the mean of their vectors. It is
            read when training starts, and not needed afterwards.
        channels: E, the numbers of a line of ``file``. Without a file E is C.

    Attributes:
        vectors: (C, E) float.

    Raises:
        ConfigError: If one of ``file`` and ``channels`` is given without the other.
    """

    def __init__(
        self, num_classes: int, file: str | None = None, channels: int | None = None
    ) -> None:
        super().__init__()
        if (file is None) != (channels is None):
            raise ConfigError(
                'label embeddings need both `file` and `channels` (numbers a line), or '
                f'neither: file={file!r}, channels={channels!r}'
            )
        self.file = file
        self.channels = channels or num_classes
        self.register_buffer('vectors', torch.zeros(num_classes, self.channels))

    def forward(self) -> Tensor:
        """The vectors (C, E)."""
        return self.vectors

    def learn_labels(self, cells: Tensor, classes: tuple[str, ...]) -> None:
        """Make the vectors; see :meth:`LearnsLabels.learn_labels`.

        Raises:
            MissingDataError: The file is not there.
            UnreadableDataError: It lacks a label, or has lines of another length.
        """
        if self.file is None:
            vectors = factorise_ppmi(cells)
        else:
            vectors = read_word_vectors(Path(self.file), classes, self.channels)
        self.vectors.copy_(vectors)


def factorise_ppmi(cells: Tensor) -> Tensor:
    """Vectors (C, C), ordered by weight of their dimensions, of cells (N, C).

    The inner product of two vectors is near ``max(0, log(P(i, j) / P(i) P(j)))``.
    """
    statistics = LabelStatistics(cells.shape[1])
    statistics.learn_labels(cells, ())
    together = statistics.co_occurrence.double() * statistics.num_images.clamp(min=1)
    alone = statistics.count.double()
    # A pair that never occurs has log 0; the maximum with 0 takes it away.
    ppmi = (together / (alone[:, None] * alone).clamp(min=1)).log().clamp(min=0)
    values, basis = torch.linalg.eigh(ppmi)
    vectors = (basis * values.clamp(min=0).sqrt()).flip(1)
    # An eigenvector's sign is arbitrary: let its largest entry be positive.
    largest = vectors.gather(0, vectors.abs().argmax(0, keepdim=True))
    return (vectors * torch.where(largest < 0, -1.0, 1.0)).float()


def read_word_vectors(file: Path, classes: tuple[str, ...], channels: int) -> Tensor:
    """Vectors (C, ``channels``) of labels from a file in the format of GloVe.

    Raises:
        MissingDataError: The file is not there.
        UnreadableDataError: It lacks a label, or a line has another length.
    """
    words = {name: name.lower().replace('_', ' ').split() for name in classes}
    wanted = {word for each in words.values() for word in each} | {
        name.lower() for name in classes
    }
    found = {}
    try:
        with file.open(encoding='utf-8') as lines:
            for number, line in enumerate(lines, 1):
                word, *numbers = line.rstrip().split(' ')
                if word not in wanted:
                    continue
                if len(numbers) != channels:
                    raise UnreadableDataError(
                        f'{file}, line {number}: {len(numbers)} numbers for {word!r}, '
                        f'not channels={channels}'
                    )
                found[word] = torch.tensor([float(each) for each in numbers])
                if not found[word].isfinite().all():
                    raise UnreadableDataError(
                        f'{file}, line {number}: a number of {word!r} is not finite'
                    )
    except FileNotFoundError as error:
        raise MissingDataError(
            f'the file of word vectors {str(file)!r} does not exist'
        ) from error
    except (OSError, ValueError) as error:
        raise UnreadableDataError(f'{file}: {error}') from error
    vectors = []
    for name in classes:
        parts = [found[name.lower()]] if name.lower() in found else None
        if parts is None and all(word in found for word in words[name]):
            parts = [found[word] for word in words[name]]
        if not parts:
            raise UnreadableDataError(
                f'{file} has no vector for the label {name!r}; add a line for it'
            )
        vectors.append(torch.stack(parts).mean(0))
    return torch.stack(vectors)
