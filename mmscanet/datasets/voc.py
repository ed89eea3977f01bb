"""PASCAL VOC, and any data set in its XML format, with image labels."""

import logging
import os.path as osp
import xml.etree.ElementTree as ET
from typing import Any

from mmdet.datasets import VOCDataset
from mmdet.registry import DATASETS
from mmengine.fileio import list_from_file
from mmengine.logging import print_log

from mmscanet.errors import DataError

from .coco import class_mismatch
from .image_labels import ImageLabelsMixin, check_files_exist, image_labels


@DATASETS.register_module()
class MultiLabelVOCDataset(ImageLabelsMixin, VOCDataset):
    """``VOCDataset`` whose data infos carry ``gt_score`` and ``gt_area``.

    A class seen only in boxes marked 'difficult' is not scored (-1), in training
    and in evaluation. A box that ``filter_cfg=dict(bbox_min_size=...)`` moves to
    the ignored instances still makes its label. A box without width or height is
    dropped, since the box regression's logarithm has no value for it.

    ``gt_area`` is width times height of the box as mmdet reads it, x2 - x1 by
    y2 - y1; the devkit counts one pixel more each way.

    Args:
        allow_extra_classes: Accept objects in the XML files whose class is not
            among ``metainfo['classes']`` and leave them out.
        **kwargs: As for ``VOCDataset``.

    Raises:
        MissingDataError: The split, XML files, image folder or images are missing.
        DataError: The split is empty, an XML file is malformed, or the XML files
            name other classes. A class that no XML file of the split names is an
            error in training; in ``test_mode``, where a small split may well lack
            a class, it is a warning.
    """

    download_hint = (
        ', or fetch VOC 2007 with `python tools/misc/download_dataset.py voc2007`'
    )

    def __init__(
        self, *args: Any, allow_extra_classes: bool = False, **kwargs: Any
    ) -> None:
        self.allow_extra_classes = allow_extra_classes
        self._seen_classes: set[str] = set()
        super().__init__(*args, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Read the split and its XML files; see the class for the errors."""
        self.check_classes()
        self.check_ann_file()
        img_ids = list_from_file(self.ann_file, backend_args=self.backend_args)
        if not any(img_id.strip() for img_id in img_ids):
            raise DataError(
                f'{self.ann_file!r} is empty. It must list one image id a line.'
            )
        if self.is_local:
            folder = osp.join(self.sub_data_root, self.ann_subdir)
            xml_paths = (osp.join(folder, f'{img_id}.xml') for img_id in img_ids)
            check_files_exist(xml_paths, 'annotation', self.ann_file)
        data_list = super().load_data_list()
        self._check_classes()
        self.check_images(data_list)
        return data_list

    def parse_data_info(self, img_info: dict) -> dict:
        """Add ``gt_score`` (C,) int8 and ``gt_area`` (C,) float32 to mmdet's info.

        Raises:
            DataError: The XML file is malformed.
        """
        try:
            data_info = super().parse_data_info(img_info)
        except (ET.ParseError, AttributeError, TypeError, ValueError) as error:
            raise DataError(
                f'{img_info["xml_path"]!r} is not a usable VOC annotation '
                f'({type(error).__name__}: {error}). Fetch it again, or take '
                f'{img_info["img_id"]!r} out of {self.ann_file!r}.'
            ) from error
        instances = data_info['instances']
        boxes = [instance['bbox'] for instance in instances]
        data_info['gt_score'], data_info['gt_area'] = image_labels(
            labels=[instance['bbox_label'] for instance in instances],
            areas=[(x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in boxes],
            scored=[not instance.pop('difficult') for instance in instances],
            num_classes=len(self.cat2label),
        )
        return data_info

    def _parse_instance_info(
        self, raw_ann_info: ET.ElementTree, minus_one: bool = True
    ) -> list[dict]:
        """Add ``difficult`` to mmdet's instances and drop boxes without an area.

        mmdet's ``ignore_flag`` alone would not do: it is set for small boxes too.
        """
        objects = raw_ann_info.findall('object')
        self._seen_classes.update(obj.find('name').text for obj in objects)
        known = [obj for obj in objects if obj.find('name').text in self.cat2label]
        instances = super()._parse_instance_info(raw_ann_info, minus_one)
        for obj, instance in zip(known, instances, strict=True):
            instance['difficult'] = bool(int(obj.findtext('difficult', '0')))
        return [
            instance
            for instance in instances
            if instance['bbox'][2] > instance['bbox'][0]
            and instance['bbox'][3] > instance['bbox'][1]
        ]

    def _check_classes(self) -> None:
        """Compare the XML files' class names with the config's; see the class."""
        classes = self.metainfo['classes']
        missing = [name for name in classes if name not in self._seen_classes]
        extra = sorted(self._seen_classes.difference(classes))
        fatal_extra = extra and not self.allow_extra_classes
        if fatal_extra or (missing and not self.test_mode):
            raise DataError(class_mismatch(self.ann_file, missing, extra))
        if missing:
            print_log(
                f'{self.ann_file}: no image shows {", ".join(missing)}',
                logger='current',
                level=logging.WARNING,
            )
