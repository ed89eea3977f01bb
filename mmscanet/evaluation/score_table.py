"""The score file: what a model said about every image, and what is true."""

import io
import os
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from mmscanet.files import write_atomically

from .functional import in_size_group

SCORE_KEYS = (
    'pred_score',
    'pred_object_score',
    'pred_context_score',
    'pred_scene_score',
)
_OPTIONAL = SCORE_KEYS[1:]
# What NumPy lets through of a file that is none, or is cut short.
_DAMAGED = (TypeError, ValueError, EOFError, OSError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class ScoreTable:
    """Label scores and ground truth of N images and C labels.

    Every figure of :class:`MultiLabelMetric` is a function of this table alone.
    All images are in it, also those without a label.

    Args:
        img_id: (N,) str, unique.
        pred_score: (N, C) float32 label scores.
        gt_score: (N, C) int8: 1 present, 0 absent, -1 not scored.
        gt_area: (N, C) float32, area of each label's largest instance, px^2 at
            original image size; 0 where the label is absent.
        classes: (C,) str, names in column order.
        pred_object_score: (N, C) float32, the object branch alone; None for a
            model without that branch.
        pred_context_score: (N, C) float32, the context branch alone, or None.
        pred_scene_score: (N, C) float32, the scene branch alone, or None.

    Raises:
        ValueError: on shapes that disagree, a ground truth other than 1, 0 and
            -1, or a score that is not a finite number.
    """

    img_id: np.ndarray
    pred_score: np.ndarray
    gt_score: np.ndarray
    gt_area: np.ndarray
    classes: np.ndarray
    pred_object_score: np.ndarray | None = None
    pred_context_score: np.ndarray | None = None
    pred_scene_score: np.ndarray | None = None

    def __post_init__(self) -> None:
        shape = (len(self.img_id), len(self.classes))
        for name in (*SCORE_KEYS, 'gt_score', 'gt_area'):
            values = getattr(self, name)
            if values is None and name in _OPTIONAL:
                continue
            if values.shape != shape:
                raise ValueError(
                    f'{name} has shape {values.shape}, but {shape[0]} images and '
                    f'{shape[1]} classes need {shape}'
                )
            if name in SCORE_KEYS and not np.isfinite(values).all():
                row = int(np.argwhere(~np.isfinite(values))[0, 0])
                raise ValueError(
                    f'{name} of image {self.img_id[row]} is not finite (NaN or inf)'
                )
        if not np.isin(self.gt_score, (-1, 0, 1)).all():
            raise ValueError(
                'gt_score may hold 1 (present), 0 (absent) and -1 (not scored) only'
            )
        if len(np.unique(self.img_id)) != len(self.img_id):
            raise ValueError('img_id holds the same image more than once')

    @classmethod
    def from_records(
        cls, records: Iterable[Mapping[str, object]], classes: Iterable[str]
    ) -> 'ScoreTable':
        """Join the records of single images, in the order of their img_id.

        Samplers that even out the processes hand some images out twice; the
        first record of an image is kept.

        Args:
            records: for each image a mapping of this class's field names, less
                ``classes``, to its img_id and its (C,) arrays.
            classes: names of the C labels.

        Raises:
            ValueError: if there is no record, if two records of one img_id
                disagree on the ground truth, or if only some have a branch.
        """
        by_id: dict[str, Mapping[str, object]] = {}
        for record in records:
            first = by_id.setdefault(str(record['img_id']), record)
            if not np.array_equal(first['gt_score'], record['gt_score']):
                raise ValueError(
                    f'two images with different labels share img_id {record["img_id"]}'
                    '; give every image of the evaluated data set its own img_id'
                )
        if not by_id:
            raise ValueError('there are no images to evaluate')
        rows = [by_id[img_id] for img_id in sorted(by_id)]
        columns = {
            name: _stack(rows, name) for name in (*SCORE_KEYS, 'gt_score', 'gt_area')
        }
        return cls(
            img_id=np.array(sorted(by_id)), classes=np.array(list(classes)), **columns
        )

    def scores(self, key: str = 'pred_score') -> np.ndarray:
        """Return one (N, C) score array by name, see :data:`SCORE_KEYS`.

        Raises:
            ValueError: if the key is unknown or the model lacks that branch.
        """
        values = getattr(self, key) if key in SCORE_KEYS else None
        if values is None:
            have = [name for name in SCORE_KEYS if getattr(self, name) is not None]
            raise ValueError(f'there is no {key} here; choose from {", ".join(have)}')
        return values

    def gt_score_of(self, group: str) -> np.ndarray:
        """Return ``gt_score`` (N, C) with present labels of other sizes not scored.

        Args:
            group: a key of :data:`SIZE_GROUPS`, or ``all``.
        """
        if group == 'all':
            return self.gt_score
        other = (self.gt_score == 1) & ~in_size_group(self.gt_area, group)
        return np.where(other, -1, self.gt_score)

    def select(self, keep: np.ndarray) -> 'ScoreTable':
        """Return the table of the images where ``keep``, (N,) bool, is true."""
        rows = {
            f.name: getattr(self, f.name)[keep]
            for f in fields(self)
            if f.name != 'classes' and getattr(self, f.name) is not None
        }
        return replace(self, **rows)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the table as a compressed npz file, without pickles.

        The file appears whole or not at all; missing folders are made.

        Raises:
            OutputError: it cannot be written.
        """
        arrays = {f.name: getattr(self, f.name) for f in fields(self)}
        content = io.BytesIO()
        np.savez_compressed(
            content, **{k: v for k, v in arrays.items() if v is not None}
        )
        write_atomically(path, content.getvalue())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> 'ScoreTable':
        """Read what :meth:`save` wrote.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if it is no score file; the message names the file.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(
                f'there is no score file {path}; tools/test.py --out writes one'
            )
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {f.name: file[f.name] for f in fields(cls) if f.name in file}
        except _DAMAGED as error:
            raise ValueError(f'{path} cannot be read as an npz file') from error
        required = {f.name for f in fields(cls)} - set(_OPTIONAL)
        if missing := sorted(required - set(arrays)):
            raise ValueError(f'{path} is no score file: it lacks {", ".join(missing)}')
        try:
            return cls(**arrays)
        except ValueError as error:
            raise ValueError(f'{path}: {error}') from error


def _stack(rows: list[Mapping[str, object]], name: str) -> np.ndarray | None:
    """Stack one column of the records to (N, C); None where no record has it."""
    present = sum(row.get(name) is not None for row in rows)
    if present == 0 and name in _OPTIONAL:
        return None
    if present < len(rows):
        raise ValueError(f'{name} is there for {present} of {len(rows)} images only')
    return np.stack([row[name] for row in rows])
