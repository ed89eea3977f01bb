"""Decoded images that stay in memory."""

import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmdet.registry import TRANSFORMS

from mmscanet.errors import ConfigError


@TRANSFORMS.register_module()
class LoadImageOnce(LoadImageFromFile):
    """``LoadImageFromFile`` that decodes each file once and keeps its pixels.

    For many short epochs over few images. Each worker process of a data loader keeps
    its own images and meets each of them sooner or later: let there be none
    (``num_workers=0``) or persistent ones, and memory for that many copies.

    Args:
        max_mib: How much to keep in a process, in MiB; images beyond that are decoded
            each time. A photograph of 500 x 375 pixels takes 0.54.
        **kwargs: Those of ``LoadImageFromFile``.

    Raises:
        ConfigError: If ``max_mib`` is below 0.
    """

    def __init__(self, max_mib: float = 4096, **kwargs: object) -> None:
        super().__init__(**kwargs)
        if max_mib < 0:
            raise ConfigError(f'max_mib must be at least 0, not {max_mib}')
        self.room = max_mib * 2**20
        self._kept: dict[str, np.ndarray] = {}

    def transform(self, results: dict) -> dict | None:
        """Load as the parent does, from memory where the file was loaded before."""
        path = results['img_path']
        if path not in self._kept:
            loaded = super().transform(results)
            if loaded is not None and loaded['img'].nbytes <= self.room:
                # Later transforms may write into the image that they are given.
                self._kept[path] = loaded['img'].copy()
                self.room -= loaded['img'].nbytes
            return loaded
        image = self._kept[path].copy()
        results['img'] = image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results
