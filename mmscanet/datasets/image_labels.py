"""What the data sets share: image labels, kept images, and early errors."""

import logging
import os
import os.path as osp
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from mmengine.logging import print_log

from mmscanet.errors import (
    DataError,
    MissingDataError,
    UnreadableDataError,
    UsageError,
)

PRESENT, ABSENT, NOT_SCORED = 1, 0, -1


def image_labels(
    labels: Sequence[int],
    areas: Sequence[float],
    scored: Sequence[bool],
    num_classes: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Turn the instances of one image into its image labels.

    Args:
        labels: (n,) class index of each instance.
        areas: (n,) area of each instance, in square pixels of the original image.
        scored: (n,) True if the instance makes its class present. A class seen
            only in the other instances is neither present nor absent.
        num_classes: C.

    Returns:
        ``gt_score`` (C,) int8: 1 present, 0 absent, -1 not scored; and
        ``gt_area`` (C,) float32: the largest area among the instances that make
        the class present, 0 where there is none.
    """
    gt_score = np.full(num_classes, ABSENT, dtype=np.int8)
    gt_area = np.zeros(num_classes, dtype=np.float32)
    for label, area, is_scored in zip(labels, areas, scored, strict=True):
        if is_scored:
            gt_score[label] = PRESENT
            gt_area[label] = max(gt_area[label], area)
        elif gt_score[label] == ABSENT:
            gt_score[label] = NOT_SCORED
    return gt_score, gt_area


def check_files_exist(paths: Iterable[str], what: str, listed_in: str) -> None:
    """Raise if files are missing, reading each folder's listing once.

    One listing per folder instead of one look-up per file keeps this under a
    second for COCO's 118,287 training images.

    Args:
        paths: Local paths.
        what: What the files are, e.g. ``'image'``, for the message.
        listed_in: The file that names them, for the message.

    Raises:
        MissingDataError: A folder or a file is not there.
    """
    names_in: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        folder, name = osp.split(path)
        names_in[folder or '.'].append(name)
    for folder, names in names_in.items():
        if not osp.isdir(folder):
            raise MissingDataError(
                f'the {what} folder {folder!r}, needed by {listed_in!r}, does not '
                'exist. Set `data_root` and `data_prefix` of the data set to where '
                f'the {what}s are.'
            )
        present = {entry.name for entry in os.scandir(folder)}
        missing = [name for name in names if name not in present]
        if missing:
            shown = ', '.join(missing[:3]) + (', ...' if len(missing) > 3 else '')
            raise MissingDataError(
                f'{len(missing)} of the {len(names)} {what}s listed in {listed_in!r} '
                f'are not in {folder!r}: {shown}. Fetch them, or take them out of '
                f'{listed_in!r}.'
            )


class ImageLabelsMixin:
    """Put in front of an mmdet data set whose infos carry image labels.

    The data set's ``parse_data_info`` has to add ``gt_score`` and ``gt_area`` as
    :func:`image_labels` returns them.

    Images are kept by their labels and not, as in mmdet, by their boxes: with
    ``filter_cfg=dict(filter_empty_gt=True)`` an image leaves the training set if
    every class is absent. One whose only boxes are crowd or difficult stays; it
    teaches its labels and has no box for the regressor.
    """

    #: The command that fetches the data set, for the messages.
    download_hint = ''

    def check_classes(self) -> None:
        """Raise ``DataError`` where the classes are one text, not a list of names.

        mmengine has read a file of names by now, if the text is that of one.
        """
        classes = self.metainfo['classes']
        if isinstance(classes, str):
            raise DataError(
                f'classes={classes!r} in `metainfo` is no file of names, one a line. '
                f'A single class is written classes=({classes!r},)'
            )

    def check_ann_file(self) -> None:
        """Raise ``MissingDataError`` if the local annotation file is missing."""
        if self.is_local and not osp.isfile(self.ann_file):
            raise MissingDataError(
                f'the annotation file {self.ann_file!r} does not exist. Set '
                f'`data_root` and `ann_file` of the data set{self.download_hint}.'
            )

    @property
    def is_local(self) -> bool:
        """Whether the data lie in this machine's file system."""
        return self.backend_args is None and '://' not in self.ann_file

    def check_images(self, data_list: list[dict]) -> None:
        """Raise ``MissingDataError`` if local images of the list are missing."""
        if self.is_local:
            paths = (info['img_path'] for info in data_list)
            check_files_exist(paths, 'image', self.ann_file)

    def filter_data(self) -> list[dict]:
        """Drop images from training as ``filter_cfg`` says; see the class.

        Returns:
            The data infos that stay; all of them with ``test_mode=True``.

        Raises:
            DataError: No image stays.
        """
        if self.test_mode:
            return self.data_list
        kept = self._images_to_train_on()
        self._tell_of_images_without_boxes(kept)
        return kept

    def _images_to_train_on(self) -> list[dict]:
        """Those that ``filter_cfg`` leaves; see :meth:`filter_data`."""
        if self.filter_cfg is None:
            return self.data_list
        min_size = self.filter_cfg.get('min_size', 0)
        filter_empty = self.filter_cfg.get('filter_empty_gt', False)
        kept = [
            info
            for info in self.data_list
            if min(info['width'], info['height']) >= min_size
            and not (filter_empty and (info['gt_score'] == ABSENT).all())
        ]
        if not kept:
            raise DataError(
                f'none of the {len(self.data_list)} images of {self.ann_file!r} is '
                f'left for training after filter_cfg={dict(self.filter_cfg)}. Check '
                'the annotations and the classes, or relax `filter_cfg`.'
            )
        if len(kept) < len(self.data_list):
            print_log(
                f'{self.ann_file}: {len(self.data_list) - len(kept)} of '
                f'{len(self.data_list)} images have no label or are under '
                f'{min_size} px and are left out of training',
                logger='current',
                level=logging.INFO,
            )
        return kept

    def _tell_of_images_without_boxes(self, data_list: list[dict]) -> None:
        """Say how many images have a label and no box to learn from."""
        doubtful = sum(
            (info['gt_score'] == PRESENT).any()
            and all(each['ignore_flag'] for each in info['instances'])
            for info in data_list
        )
        if doubtful:
            print_log(
                f'{self.ann_file}: all boxes of {doubtful} of {len(data_list)} images '
                'are crowds or too small: these images teach their labels, and no box',
                logger='current',
                level=logging.WARNING if doubtful == len(data_list) else logging.INFO,
            )

    def prepare_data(self, idx: int) -> dict | None:
        """Run the pipeline on image ``idx``.

        Raises:
            UnreadableDataError: It failed; names the image's file.
            UsageError: A step says itself what the user is to mend.
        """
        data_info = self.get_data_info(idx)
        path = data_info['img_path']
        try:
            return self.pipeline(data_info)
        except UsageError:
            raise
        except Exception as error:
            raise UnreadableDataError(
                f'{path!r} cannot be loaded or transformed ({type(error).__name__}: '
                f'{error}). If the file is damaged, replace it or take it out of '
                f'{self.ann_file!r}; if it is not, look at the pipeline.'
            ) from error
