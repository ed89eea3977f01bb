"""The score from which on a label counts as seen, one for each label, and its file."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmscanet.errors import ConfigError, DataError, MissingDataError
from mmscanet.files import write_atomically

from ..functional import OBJECTIVES
from ..score_table import SCORE_KEYS
from .file_format import decode_thresholds, encode_thresholds, is_number


@dataclass(frozen=True, eq=False)
class LabelThresholds:
    """One threshold for each of C labels; a score passes when score >= threshold.

    ``tools/fit_thresholds.py`` fits them and says in the further fields how;
    they are None for thresholds that come from elsewhere. ``docs/thresholds.md``
    explains what is fitted.

    Args:
        classes: names of the C labels.
        values: (C,) float64 in [0, 1], their thresholds.
        fallback: labels that took the threshold shared by all labels.
        positives: (C,) int, images with the label among those fitted on.
        temperature: (C,) float64, divides the logit of the label's score to
            calibrate it; the thresholds are for scores that were not divided.
        shared_threshold: the one threshold fitted on all labels together.
        objective: what was fitted, one of ``f1``, ``precision`` and ``recall``.
        target: the precision or recall asked for, in (0, 1].
        min_positives: labels with fewer positives fell back.
        resamples: number of resamples that the thresholds are averaged over.
        num_images: number of images fitted on.
        score_key: which scores they are for, one of
            :data:`~mmscanet.evaluation.score_table.SCORE_KEYS`.
        scores: name of the score file fitted on.
        source: the file these thresholds were read from; not stored in it.

    Raises:
        DataError: on values out of range or fields that contradict each other.
    """

    classes: tuple[str, ...]
    values: np.ndarray
    fallback: tuple[str, ...] = ()
    positives: np.ndarray | None = None
    temperature: np.ndarray | None = None
    shared_threshold: float | None = None
    objective: str | None = None
    target: float | None = None
    min_positives: int | None = None
    resamples: int | None = None
    num_images: int | None = None
    score_key: str | None = None
    scores: str | None = None
    source: Path | None = None

    def __post_init__(self) -> None:
        if not self.classes:
            raise DataError('there are no labels')
        if len(set(self.classes)) < len(self.classes):
            raise DataError('a label is there more than once')
        if unknown := set(self.fallback) - set(self.classes):
            raise DataError(f'fallback has unknown labels: {_names(sorted(unknown))}')
        self._check_column('threshold', self.values, _in_unit_interval, 'in [0, 1]')
        self._check_column('positives', self.positives, lambda n: n >= 0, 'a count')
        self._check_column('temperature', self.temperature, _is_positive, 'above 0')
        for name in ('shared_threshold', 'target'):
            value = getattr(self, name)
            if value is not None and not (
                is_number(value) and _in_unit_interval(value)
            ):
                raise DataError(f'{name} is {value!r}, not a number in [0, 1]')
        for name in ('min_positives', 'resamples', 'num_images'):
            value = getattr(self, name)
            if value is not None and not (is_number(value) and value >= 0):
                raise DataError(f'{name} is {value!r}, not a count')
        for name, choices in (('objective', OBJECTIVES), ('score_key', SCORE_KEYS)):
            value = getattr(self, name)
            if value is not None and value not in choices:
                raise DataError(f'{name} is {value!r}, not one of {", ".join(choices)}')

    def _check_column(
        self,
        name: str,
        column: np.ndarray | None,
        valid: Callable[[np.ndarray], np.ndarray],
        words: str,
    ) -> None:
        """Require a valid number for each label, and name the first that is not."""
        if column is None:
            return
        if np.shape(column) != (len(self.classes),):
            raise DataError(
                f'{name} has shape {np.shape(column)} for {len(self.classes)} labels'
            )
        for row in np.flatnonzero(~valid(column)):
            raise DataError(
                f'{name} of "{self.classes[row]}" is {column[row]}, not {words}'
            )

    @property
    def name(self) -> str:
        """The name of the file, or the number where all labels have the same one."""
        if self.source is not None:
            return self.source.name
        if (self.values == self.values[0]).all():
            return f'{self.values[0]:g}'
        return 'label thresholds'

    @classmethod
    def shared(cls, classes: Iterable[str], value: float) -> 'LabelThresholds':
        """Give all labels the same threshold.

        Args:
            classes: names of the C labels.
            value: the threshold, in [0, 1].

        Raises:
            DataError: The value is out of range.
        """
        classes = tuple(str(label) for label in classes)
        return cls(classes, np.full(len(classes), value, dtype=np.float64))

    @classmethod
    def resolve(
        cls,
        threshold: 'Threshold',
        classes: Iterable[str],
        score_key: str = 'pred_score',
    ) -> 'LabelThresholds':
        """Return what a ``threshold`` option means for the labels ``classes``.

        Args:
            threshold: a number for all labels, the path of a thresholds file, or
                thresholds that are already there.
            classes: names of the C labels of the model or the data.
            score_key: which scores the thresholds are to be held against.

        Raises:
            UsageError: As :func:`read_threshold`, :meth:`check_classes` and
                :meth:`check_score_key`.
        """
        threshold = read_threshold(threshold)
        if not isinstance(threshold, LabelThresholds):
            return cls.shared(classes, threshold)
        threshold.check_classes(classes)
        threshold.check_score_key(score_key)
        return threshold

    def check_classes(self, classes: Iterable[str]) -> None:
        """Refuse thresholds of other labels than ``classes``, or in another order.

        Raises:
            DataError: Names labels that differ.
        """
        classes = [str(label) for label in classes]
        if classes == list(self.classes):
            return
        here = _names([label for label in self.classes if label not in classes])
        there = _names([label for label in classes if label not in self.classes])
        if here or there:
            raise DataError(
                f'{self.name}: the thresholds are of other labels than the model or '
                f'the data; only the thresholds have: {here or "-"}; only the model '
                f'or the data has: {there or "-"}'
            )
        first = next(
            label
            for label, own in zip(classes, self.classes, strict=True)
            if label != own
        )
        raise DataError(
            f'{self.name}: the thresholds have the labels of the model or the data in '
            f'another order, from "{first}" on'
        )

    def check_score_key(self, score_key: str) -> None:
        """Refuse thresholds that were fitted on the scores of another branch.

        Raises:
            ConfigError: Names both.
        """
        if self.score_key not in (None, score_key):
            raise ConfigError(
                f'{self.name}: the thresholds were fitted on {self.score_key}, and '
                f'{score_key} is to be compared with them'
            )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the thresholds as JSON, a line for each label.

        The file appears whole or not at all; missing folders are made.

        Raises:
            OutputError: It cannot be written.
        """
        write_atomically(path, encode_thresholds(self))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> 'LabelThresholds':
        """Read what :meth:`save` wrote, or a file written by hand.

        ``format_version`` and, in each of ``labels``, ``label`` and ``threshold``
        must be there; what else is there is checked.

        Raises:
            MissingDataError: There is no such file.
            DataError: It is no thresholds file; the message names file and fault.
        """
        path = Path(path)
        if not path.is_file():
            raise MissingDataError(
                f'there is no thresholds file {path}; tools/fit_thresholds.py fits one'
            )
        try:
            return cls(**decode_thresholds(path.read_bytes()), source=path)
        except (OSError, DataError, OverflowError) as error:
            raise DataError(f'{path}: {error}') from error


Threshold = float | str | os.PathLike[str] | LabelThresholds


def read_threshold(threshold: Threshold) -> float | LabelThresholds:
    """Read a ``threshold`` option as far as that goes without the class names.

    Args:
        threshold: a number, also as a string from a command line, the path of a
            thresholds file, or thresholds that are already there.

    Returns:
        The number, or the thresholds of the file.

    Raises:
        ConfigError: The number is not in [0, 1].
        UsageError: As :meth:`LabelThresholds.load`.
    """
    if isinstance(threshold, LabelThresholds):
        return threshold
    if not threshold and isinstance(threshold, str):
        raise ConfigError('the threshold is empty: give a number or a thresholds file')
    if not isinstance(threshold, (str, int, float, os.PathLike)):
        raise ConfigError(
            f'a threshold is a number or a file, not a {type(threshold).__name__}'
        )
    try:
        number = float(threshold)
    except (TypeError, ValueError):
        return LabelThresholds.load(threshold)
    if not 0 <= number <= 1:
        raise ConfigError(
            f'the threshold {threshold} is not in [0, 1], nor a thresholds file'
        )
    return number


def sidecar_path(checkpoint: str | os.PathLike[str]) -> Path:
    """Return where a checkpoint's thresholds lie: ``NAME.thresholds.json``."""
    checkpoint = Path(checkpoint)
    return checkpoint.with_name(
        f'{checkpoint.name.removesuffix(".pth")}.thresholds.json'
    )


def _in_unit_interval(value: np.ndarray | float) -> np.ndarray | bool:
    """Whether thresholds are between 0 and 1; nan is not."""
    return (value >= 0) & (value <= 1)


def _is_positive(value: np.ndarray) -> np.ndarray:
    """Whether temperatures are finite and above 0."""
    return np.isfinite(value) & (value > 0)


def _names(labels: Sequence[str], at_most: int = 5) -> str:
    """List a few labels in quotes, and say how many more there are."""
    text = ', '.join(f'"{label}"' for label in labels[:at_most])
    more = len(labels) - at_most
    return f'{text} and {more} more' if more > 0 else text
