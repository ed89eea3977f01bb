"""COCO, and any data set in COCO's format, with image labels."""

import functools
import json
import logging
import math
from collections.abc import Sequence
from typing import Any

from mmdet.datasets import CocoDataset
from mmdet.datasets.api_wrappers import COCO
from mmdet.registry import DATASETS
from mmengine.logging import print_log

from mmscanet.errors import DataError

from .image_labels import ImageLabelsMixin, image_labels

_FLAGS = (0, 1, None)


class NamedCoco(COCO):
    """COCO's index, with categories looked up by name and the file checked.

    ``pycocotools`` ignores unknown class names and returns category ids in the
    file's order; mmdet numbers the labels by that order, so class names in any
    other order would be given wrong labels without a word. Here the ids come in
    the order of the names. An absent ``area`` is set to the box's, and an absent
    ``iscrowd`` to 0.

    Args:
        annotation_file: Local path of the JSON file.
        ann_file: The name that messages use for it.
        allow_extra_classes: Accept categories that no class name asks for.

    Raises:
        DataError: The file is no COCO-format JSON, is empty, or contradicts itself.
    """

    def __init__(
        self, annotation_file: str, ann_file: str, allow_extra_classes: bool = False
    ) -> None:
        self.ann_file = ann_file
        self.allow_extra_classes = allow_extra_classes
        try:
            super().__init__(annotation_file)
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            if 'BOM' in str(error):
                raise DataError(
                    f'{ann_file!r} begins with a byte order mark (BOM): save it as '
                    'UTF-8 without one'
                ) from error
            raise DataError(
                f'{ann_file!r} is not valid JSON ({error}). Fetch or write it again.'
            ) from error
        except AssertionError as error:
            raise DataError(f'{ann_file!r} is not in COCO format: {error}') from error

    def createIndex(self) -> None:
        """Check the file's content, fill in what may be absent, and index it."""
        for key in ('images', 'annotations', 'categories'):
            entries = self.dataset.get(key)
            if not (isinstance(entries, list) and entries):
                raise DataError(
                    f'{self.ann_file!r} is not usable: its list {key!r} is '
                    'absent or empty. It must be a COCO-format file with labels.'
                )
        images = {self._checked_image(image)['id'] for image in self.dataset['images']}
        if len(images) < len(self.dataset['images']):
            raise DataError(f'{self.ann_file!r}: two images have the same id')
        categories = {
            self._checked_category(category)['id']
            for category in self.dataset['categories']
        }
        ids: set[int] = set()
        for ann in self.dataset['annotations']:
            self._check_annotation(ann, images, categories)
            if ann['id'] in ids:
                raise DataError(
                    f'{self.ann_file!r}: two annotations have the id {ann["id"]!r}'
                )
            ids.add(ann['id'])
            ann.setdefault('area', ann['bbox'][2] * ann['bbox'][3])
            ann.setdefault('iscrowd', 0)
        boxes = [ann['bbox'] for ann in self.dataset['annotations']]
        in_a_pixel = all(x + w <= 1 and y + h <= 1 for x, y, w, h in boxes)
        if in_a_pixel and any(w > 0 and h > 0 for _, _, w, h in boxes):
            raise DataError(
                f'{self.ann_file!r}: its boxes are shares of the image. They must be '
                'in pixels, as [x, y, width, height]'
            )
        super().createIndex()

    def _checked_image(self, image: dict) -> dict:
        """Return the image's entry, or raise ``DataError`` if it is not usable."""
        self._require_keys('image', image, ('id', 'file_name', 'width', 'height'))
        sides = image['width'], image['height']
        if not isinstance(image['file_name'], str):
            raise DataError(
                f'{self.ann_file!r}: the image {image["id"]!r} has the file_name '
                f'{image["file_name"]!r} instead of text'
            )
        if not _finite(*sides) or min(sides) <= 0:
            raise DataError(
                f'{self.ann_file!r}: the image {image["id"]!r} has width and height '
                f'{sides} instead of pixels'
            )
        return image

    def _checked_category(self, category: dict) -> dict:
        """Return the category's entry, or raise ``DataError`` if it is not usable."""
        self._require_keys('category', category, ('id', 'name'))
        if not isinstance(category['name'], str):
            raise DataError(
                f'{self.ann_file!r}: the category {category["id"]!r} has the name '
                f'{category["name"]!r} instead of text'
            )
        return category

    def _require_keys(self, kind: str, entry: object, keys: Sequence[str]) -> None:
        """Raise ``DataError`` unless an entry is a dict with the keys, ids plain."""
        if not isinstance(entry, dict):
            raise DataError(
                f'{self.ann_file!r}: the {kind} {entry!r} is no JSON object'
            )
        absent = ', '.join(sorted(set(keys).difference(entry)))
        if absent:
            raise DataError(f'{self.ann_file!r}: the {kind} {entry} has no {absent}')
        for key in keys:
            if key.endswith('id') and not isinstance(entry[key], (int, float, str)):
                raise DataError(
                    f'{self.ann_file!r}: the {kind} {entry} has the {key} '
                    f'{entry[key]!r} instead of a number or text'
                )

    def _check_annotation(self, ann: dict, images: set, categories: set) -> None:
        """Raise ``DataError`` if an annotation points nowhere or has no box."""
        self._require_keys('annotation', ann, ('id', 'image_id', 'category_id'))
        fault = None
        bbox = ann.get('bbox')
        if ann['image_id'] not in images:
            fault = f'image_id {ann["image_id"]!r}, which is not among the images'
        elif ann['category_id'] not in categories:
            fault = f'category_id {ann["category_id"]!r}, which no category has'
        elif not isinstance(bbox, list) or len(bbox) != 4 or not _finite(*bbox):
            fault = f'bbox {bbox!r} instead of numbers [x, y, width, height]'
        elif not _finite(ann.get('area', 0)):
            fault = f'area {ann["area"]!r} instead of a number'
        # Any text would count as yes, "0" too.
        elif ann.get('iscrowd') not in _FLAGS:
            fault = f'iscrowd {ann["iscrowd"]!r} instead of 0 or 1'
        elif ann.get('ignore') not in _FLAGS:
            fault = f'ignore {ann["ignore"]!r} instead of 0 or 1'
        if fault:
            raise DataError(
                f'{self.ann_file!r}: the annotation {ann["id"]!r} has {fault}'
            )

    def get_cat_ids(self, cat_names: tuple[str, ...]) -> list[int]:
        """Category ids in the order of the names.

        Raises:
            DataError: Names and categories differ, or a category name is double.
        """
        names = [category['name'] for category in self.dataset['categories']]
        missing = [name for name in cat_names if name not in names]
        extra = [name for name in names if name not in cat_names]
        if missing or (extra and not self.allow_extra_classes):
            raise DataError(class_mismatch(self.ann_file, missing, extra))
        if len(set(names)) < len(names) or len(set(cat_names)) < len(cat_names):
            raise DataError(
                f'the categories of {self.ann_file!r}, or the classes of the config, '
                'name a class twice'
            )
        if [name for name in names if name in cat_names] != list(cat_names):
            print_log(
                f'{self.ann_file} lists the classes in another order than the config. '
                'The labels follow the config, but `CocoMetric(ann_file=...)` takes '
                "the file's order: give `metainfo` that order to evaluate boxes.",
                logger='current',
                level=logging.WARNING,
            )
        ids = {category['name']: category['id'] for category in self.cats.values()}
        return [ids[name] for name in cat_names]


def class_mismatch(ann_file: str, missing: list[str], extra: list[str]) -> str:
    """The message for classes that only the config, or only the file, names."""
    message = f'the classes of the config and of {ann_file!r} differ.'
    if missing:
        message += f' Only in the config: {", ".join(missing)}.'
    if extra:
        message += f' Only in the annotations: {", ".join(extra)}.'
    message += " Set `metainfo=dict(classes=(...))` to the annotations' names"
    if extra:
        message += ', or `allow_extra_classes=True` to leave the others out'
    return message + '.'


@DATASETS.register_module()
class MultiLabelCocoDataset(ImageLabelsMixin, CocoDataset):
    """``CocoDataset`` whose data infos carry ``gt_score`` and ``gt_area``.

    A box makes its class present, an ``iscrowd`` box too, although mmdet moves it
    to the ignored instances. A class seen only in boxes marked ``ignore`` is not
    scored. mmdet drops these boxes; here they are ignored instances, too, so that no
    patch on them is said to be without their class. A box that mmdet drops because
    nothing of it can be seen (outside the image, no area, under one pixel wide or high)
    makes no label.

    Args:
        allow_extra_classes: Accept categories of the annotation file that are not
            among ``metainfo['classes']`` and leave their boxes out.
        **kwargs: As for ``CocoDataset``.

    Raises:
        MissingDataError: Annotation file, image folder or images are missing.
        DataError: The annotations are empty, malformed or name other classes.
    """

    download_hint = (
        ', or fetch COCO 2017 with `python tools/misc/download_dataset.py coco2017`'
    )

    def __init__(
        self, *args: Any, allow_extra_classes: bool = False, **kwargs: Any
    ) -> None:
        self.allow_extra_classes = allow_extra_classes
        self._unseen_boxes = 0
        super().__init__(*args, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Read the annotation file; see the class for the errors."""
        self.check_classes()
        self.check_ann_file()
        self.COCOAPI = functools.partial(
            NamedCoco,
            ann_file=self.ann_file,
            allow_extra_classes=self.allow_extra_classes,
        )
        self._unseen_boxes = 0
        data_list = super().load_data_list()
        if self._unseen_boxes:
            print_log(
                f'{self.ann_file}: {self._unseen_boxes} boxes are left out, since '
                'nothing of them can be seen (outside the image, without area, or '
                'under one pixel wide or high)',
                logger='current',
                level=logging.INFO,
            )
        self.check_images(data_list)
        return data_list

    def parse_data_info(self, raw_data_info: dict) -> dict:
        """Add ``gt_score`` (C,) int8 and ``gt_area`` (C,) float32."""
        data_info = super().parse_data_info(raw_data_info)
        width, height = data_info['width'], data_info['height']
        known = [
            ann
            for ann in raw_data_info['raw_ann_info']
            if ann['category_id'] in self.cat2label
        ]
        anns = [ann for ann in known if _visible(ann, width, height)]
        self._unseen_boxes += len(known) - len(anns)
        labels = [self.cat2label[ann['category_id']] for ann in anns]
        scored = [bool(ann['iscrowd'] or not ann.get('ignore')) for ann in anns]
        data_info['gt_score'], data_info['gt_area'] = image_labels(
            labels=labels,
            areas=[ann['area'] for ann in anns],
            scored=scored,
            num_classes=len(self.cat2label),
        )
        data_info['instances'] += [
            _ignored_instance(ann, label)
            for ann, label in zip(anns, labels, strict=True)
            if ann.get('ignore')
        ]
        return data_info


def _ignored_instance(ann: dict, label: int) -> dict:
    """A box that mmdet's ``CocoDataset`` drops, as it writes down that of a crowd."""
    x, y, w, h = ann['bbox']
    return dict(bbox=[x, y, x + w, y + h], bbox_label=label, ignore_flag=1)


def _finite(*values: object) -> bool:
    """Whether all values are numbers, none of them NaN or infinite."""
    return all(isinstance(v, (int, float)) and math.isfinite(v) for v in values)


def _visible(ann: dict, width: int, height: int) -> bool:
    """Whether mmdet's ``CocoDataset`` would keep the annotation's box."""
    x, y, w, h = ann['bbox']
    inside_w = min(x + w, width) - max(x, 0)
    inside_h = min(y + h, height) - max(y, 0)
    return inside_w > 0 and inside_h > 0 and ann['area'] > 0 and w >= 1 and h >= 1
