"""A warning where a model was pre-trained on images that it is measured on.

What is known is declared here: of which pictures the public splits consist, and on
which split the weights of public detectors were trained. Weights under another name
cannot be recognised; no warning is no proof.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config

from mmscanet.engine.nested import nested_dicts

# Parts, no two of which share a picture, with their numbers of pictures.
# COCO 2017 divides the pictures of COCO 2014 anew, 118K/5K instead of 83K/41K
# (https://cocodataset.org/#download): all of train2014 and all of val2014 but the
# 5,000 of val2017 are in train2017, 82,783 + 35,504 = 118,287.
# http://host.robots.ox.ac.uk/pascal/VOC/voc2007/dbstats.html
PARTS = {
    'coco train2014': 82_783,
    'coco val2014 less val2017': 35_504,
    'coco val2017': 5_000,
    'voc2007 train': 2_501,
    'voc2007 val': 2_510,
    'voc2007 test': 4_952,
}
SPLITS = {
    'COCO train2014': {'coco train2014'},
    'COCO val2014': {'coco val2014 less val2017', 'coco val2017'},
    'COCO train2017': {'coco train2014', 'coco val2014 less val2017'},
    'COCO val2017': {'coco val2017'},
    'VOC 2007 train': {'voc2007 train'},
    'VOC 2007 val': {'voc2007 val'},
    'VOC 2007 trainval': {'voc2007 train', 'voc2007 val'},
    'VOC 2007 test': {'voc2007 test'},
}
# Names of weights -> the split that they were trained on. The first that fits counts.
WEIGHTS = (
    # mmdet, configs/pascal_voc: trainval of 2007 and of 2012; the latter's pictures
    # are in no split above.
    (r'voc0712', 'VOC 2007 trainval'),
    # mmdet, docs/en/model_zoo.md: "All models were trained on coco_2017_train";
    # detectron2's COCO-Detection/... (MODEL_ZOO.md) and torchvision's detectors
    # (..._coco-258fb6c6.pth) likewise.
    (r'(?<![a-z])coco(?![a-z])', 'COCO train2017'),
)
# Files that list the images of a split.
LISTS = (
    (r'(train|val)(2014|2017)[^/]*\.json$', 'COCO {0}{1}'),
    (r'VOC2007/ImageSets/Main/(trainval|train|val|test)\.txt$', 'VOC 2007 {0}'),
)


@dataclass(frozen=True)
class Overlap:
    """Pictures that a model has seen before it is measured on them.

    Attributes:
        weights: Name of the weights.
        trained_on: The split they were trained on.
        evaluated_on: The split that the config measures on.
        images: How many pictures of that split are in the first.
        of: How many it has.
    """

    weights: str
    trained_on: str
    evaluated_on: str
    images: int
    of: int

    def __str__(self) -> str:
        """Return the warning in one line."""
        return (
            f'{self.weights} was trained on {self.trained_on}, which holds '
            f'{self.images:,} of the {self.of:,} pictures of {self.evaluated_on} that '
            'the config is evaluated on: its figures are too good'
        )


def find_overlaps(cfg: Config) -> list[Overlap]:
    """Find the weights of a config that were trained on its evaluation split.

    Looks at ``load_from`` and at every ``init_cfg`` of the model.
    """
    evaluated_on = evaluation_split(cfg)
    if evaluated_on is None:
        return []
    found = []
    for weights in dict.fromkeys(_initial_weights(cfg)):
        trained_on = training_split(weights)
        if trained_on is None:
            continue
        parts = SPLITS[evaluated_on]
        images = sum(PARTS[part] for part in parts & SPLITS[trained_on])
        total = sum(PARTS[part] for part in parts)
        if images:
            found.append(Overlap(weights, trained_on, evaluated_on, images, total))
    return found


def count_seen(overlaps: Iterable[Overlap]) -> int:
    """Count the pictures of a config's evaluation split that any weights have seen.

    Args:
        overlaps: Of one config.
    """
    parts = {
        part
        for each in overlaps
        for part in SPLITS[each.evaluated_on] & SPLITS[each.trained_on]
    }
    return sum(PARTS[part] for part in parts)


def training_split(weights: str) -> str | None:
    """Return the split that weights of this name were trained on, if it is known.

    Of a local file its own name counts, not that of the folder it lies in.
    """
    name = weights if '://' in weights else Path(weights).name
    for pattern, split in WEIGHTS:
        if re.search(pattern, name, re.IGNORECASE):
            return split
    return None


def evaluation_split(cfg: Config) -> str | None:
    """Return the known split that a config is evaluated on, by its list of images."""
    for node in nested_dicts(cfg.test_dataloader.dataset):
        for pattern, split in LISTS:
            if match := re.search(pattern, str(node.get('ann_file', ''))):
                return split.format(*match.groups())
    return None


def _initial_weights(cfg: Config) -> Iterator[str]:
    """Yield the names of all weights that training starts from."""
    if cfg.get('load_from'):
        yield cfg.load_from
    for node in nested_dicts(cfg.model):
        for key in ('checkpoint', 'pretrained'):
            if isinstance(node.get(key), str):
                yield node[key]
