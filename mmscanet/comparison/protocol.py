"""What two runs must have in common before their figures may share a table."""

import contextlib
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from mmdet.registry import DATASETS
from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope

from mmscanet.engine.launch import explain_unusable_config, input_shape
from mmscanet.engine.nested import nested_dicts
from mmscanet.errors import UsageError
from mmscanet.evaluation import METRIC_VERSION, ScoreTable, has_annotations

_DIGITS = 12  # hexadecimal, of a digest
# Steps after which an image has not the labels that its data set gives it.
_CHANGE_LABELS = ('RevealLabels',)


@dataclass(frozen=True)
class EvaluationSplit:
    """The images that figures are computed on, and their ground truth.

    Attributes:
        test_images: How many.
        test_digest: Of their ids, labels and areas, see :func:`test_digest`.
        unlabelled: Images on which nothing is annotated; the figures omit them.
        not_scored: Cells of an image and a label that are neither hit nor miss.
        classes: The labels in their order.
    """

    test_images: int
    test_digest: str
    unlabelled: int
    not_scored: int
    classes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        images: Mapping[str, tuple[np.ndarray, np.ndarray]],
        classes: Iterable[str],
    ) -> 'EvaluationSplit':
        """Describe images that are given as id -> (``gt_score``, ``gt_area``)."""
        gt_score = np.stack([score for score, _ in images.values()])
        return cls(
            test_images=len(images),
            test_digest=digest(
                [img_id, np.int8(score).tolist(), np.float32(area).tolist()]
                for img_id, (score, area) in sorted(images.items())
            ),
            unlabelled=int((~has_annotations(gt_score)).sum()),
            not_scored=int((gt_score == -1).sum()),
            classes=tuple(str(name) for name in classes),
        )

    @classmethod
    def of_scores(cls, table: ScoreTable) -> 'EvaluationSplit':
        """Describe the images of a score file."""
        rows = zip(table.img_id, table.gt_score, table.gt_area, strict=True)
        images = {str(img_id): (score, area) for img_id, score, area in rows}
        return cls.of(images, table.classes)


@dataclass(frozen=True)
class Protocol(EvaluationSplit):
    """All that must be equal. Read from the data, never from names of files.

    Attributes:
        train_images: How many images are trained on.
        train_digest: Of their ids, labels and boxes.
        budget: For how long is trained: ``'8 epochs'``.
        input_shape: (H, W), pixels, that the test pipeline resizes to.
        metric_version: ``mmscanet.evaluation.METRIC_VERSION``.
    """

    train_images: int
    train_digest: str
    budget: str
    input_shape: tuple[int, int]
    metric_version: int = METRIC_VERSION

    @classmethod
    def of_config(cls, cfg: Config, name: str) -> 'Protocol':
        """Read the data sets of a config, without their pictures.

        Args:
            cfg: The config, with ``train_dataloader`` and ``test_dataloader``.
            name: Of the config, for messages.

        Raises:
            UsageError: The data sets are not there, or give no image labels; or the
                test pipeline has no size, or changes the labels.
        """
        for step in nested_dicts(cfg.test_dataloader):
            if step.get('type') in _CHANGE_LABELS:
                raise UsageError(
                    f'{name}: its test pipeline changes the labels ({step["type"]}), '
                    'so that its scores cannot be compared; measure it by '
                    'tools/test.py'
                )
        init_default_scope(cfg.get('default_scope', 'mmdet'))
        try:
            shape = input_shape(cfg)
        except UsageError as error:
            raise UsageError(
                f'{name}: its test pipeline has no Resize with a scale, so that the '
                'size of its input is not known'
            ) from error
        test = _evaluation_split(_Key(cfg.test_dataloader.dataset, name))
        train_images, train_digest = _training_split(
            _Key(cfg.train_dataloader.dataset, name)
        )
        return cls(
            **asdict(test),
            train_images=train_images,
            train_digest=train_digest,
            budget=_budget(cfg),
            input_shape=shape,
        )

    @classmethod
    def from_json(cls, parts: Mapping[str, Any]) -> 'Protocol':
        """Read what :meth:`to_json` wrote."""
        lists = dict(
            classes=tuple(parts['classes']), input_shape=tuple(parts['input_shape'])
        )
        return cls(**{**parts, **lists})

    def to_json(self) -> dict[str, Any]:
        """Return the parts as JSON has them."""
        return asdict(self)

    @property
    def hash(self) -> str:
        """A digest of all parts."""
        return digest([self.to_json()])

    def evaluated_on(self, split: EvaluationSplit) -> bool:
        """Tell whether a split is the one that the protocol announces."""
        return asdict(split).items() <= asdict(self).items()

    def differences(self, other: 'Protocol') -> list[str]:
        """Name each part that differs: 'images evaluated: 300 and 4'."""
        found = []
        for part, words in _WORDS.items():
            mine, theirs = getattr(self, part), getattr(other, part)
            if mine == theirs:
                continue
            if part == 'classes':
                mine, theirs = _class_difference(mine, theirs)
            found.append(f'{words}: {mine} and {theirs}')
        return found


_WORDS = dict(
    test_images='images evaluated',
    test_digest="evaluated images' ids, labels and areas (digest)",
    unlabelled='images without labels',
    not_scored='cells not scored',
    classes='classes',
    train_images='images trained on',
    train_digest="training images' ids, labels and boxes (digest)",
    budget='budget',
    input_shape='input size',
    metric_version='metric version',
)


def check_same(protocols: Mapping[str, Protocol]) -> None:
    """Refuse to put runs of different protocols in one table.

    Args:
        protocols: By the name under which each is known to the user.

    Raises:
        UsageError: Two differ; one line says in what.
    """
    (first, protocol), *others = protocols.items()
    for name, other in others:
        if differences := protocol.differences(other):
            raise UsageError(
                f'{first} and {name} cannot stand in one table, they differ in '
                + '; '.join(differences)
            )


def digest(items: Iterable[Any]) -> str:
    """Digest values that JSON can hold, one after the other."""
    sha = hashlib.sha256()
    for item in items:
        text = json.dumps(item, sort_keys=True, separators=(',', ':'), default=str)
        sha.update(text.encode() + b'\n')
    return sha.hexdigest()[:_DIGITS]


class _Key:
    """A data set's config as a key of a cache: the pictures' pipeline is no part."""

    def __init__(self, dataset: ConfigDict, name: str) -> None:
        self.dataset, self.name = dataset, name
        parts = {key: value for key, value in dataset.items() if key != 'pipeline'}
        self.text = json.dumps(parts, sort_keys=True, default=str)

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.text == other.text


@lru_cache
def _evaluation_split(key: _Key) -> EvaluationSplit:
    dataset, infos = _read(key)
    images = {
        str(info['img_id']): (info['gt_score'], info['gt_area']) for info in infos
    }
    return EvaluationSplit.of(images, dataset.metainfo['classes'])


@lru_cache
def _training_split(key: _Key) -> tuple[int, str]:
    """Count and digest; an image that comes several times in an epoch counts once."""
    images = {}
    for info in _read(key)[1]:
        boxes = [
            [each['bbox'], each['bbox_label'], each.get('ignore_flag', 0)]
            for each in info.get('instances', [])
        ]
        # Joined data sets may have the same ids.
        image = str(info['img_id']), info['img_path']
        images[image] = [np.int8(info['gt_score']).tolist(), boxes]
    # Without the paths, which differ between machines.
    content = sorted([img_id, each] for (img_id, _), each in images.items())
    return len(images), digest(content)


def _read(key: _Key) -> tuple[Any, list[dict]]:
    """Build a data set and return it with the infos of its images."""
    # pycocotools tells on stdout how it is getting on.
    with contextlib.redirect_stdout(io.StringIO()), explain_unusable_config():
        dataset = DATASETS.build(key.dataset)
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    if not infos or 'gt_score' not in infos[0]:
        raise UsageError(
            f'{key.name}: {key.dataset.type} gives no image labels (gt_score); use '
            'MultiLabelCocoDataset, MultiLabelVOCDataset or a subclass'
        )
    return dataset, infos


def _budget(cfg: Config) -> str:
    loop = cfg.train_cfg
    unit = 'epoch' if loop.get('max_epochs') else 'iteration'
    count = loop.get('max_epochs') or loop.get('max_iters')
    return f'{count} {unit}{"s" * (count != 1)}'


def _class_difference(mine: tuple[str, ...], theirs: tuple[str, ...]) -> list[str]:
    """Shorten two class lists to their numbers and the first name that differs."""
    if len(mine) != len(theirs):
        return [str(len(mine)), str(len(theirs))]
    pairs = zip(mine, theirs, strict=True)
    return [repr(name) for name in next(pair for pair in pairs if pair[0] != pair[1])]
