"""Pictures of a test, each in a file of its own."""

import os
from collections.abc import Sequence

from mmdet.engine.hooks import DetVisualizationHook
from mmdet.registry import HOOKS
from mmdet.structures import DetDataSample
from mmengine.runner import Runner
from torch.utils.data import Dataset


@HOOKS.register_module()
class EvidenceVisualizationHook(DetVisualizationHook):
    """mmdet's hook, but images of equal names in different folders keep apart.

    Below ``test_out_dir`` a picture has the folders that its image has below the
    folder that all images of the test have in common. The parent gives pictures the
    names of their images alone, so that the last of an equal name is left.

    Args:
        **kwargs: Those of the parent.
    """

    _root: str | None = None

    def before_test(self, runner: Runner) -> None:
        """Find the folder that all images have in common."""
        if self.draw and self.test_out_dir is not None:
            self._root = common_folder(runner.test_dataloader.dataset)

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict,
        outputs: Sequence[DetDataSample],
    ) -> None:
        """Draw the images of a batch; see the parent."""
        out_dir = self.test_out_dir
        for sample in outputs:
            if self.draw and out_dir is not None and self._root is not None:
                folder = os.path.dirname(os.path.abspath(sample.img_path))
                self.test_out_dir = os.path.join(
                    out_dir, os.path.relpath(folder, self._root)
                )
            super().after_test_iter(runner, batch_idx, data_batch, [sample])
            self.test_out_dir = out_dir


def common_folder(dataset: Dataset) -> str | None:
    """The folder that all images of a data set lie in or below, if it can tell."""
    if not hasattr(dataset, 'get_data_info'):
        return None
    infos = (dataset.get_data_info(i) for i in range(len(dataset)))
    folders = {os.path.dirname(os.path.abspath(info['img_path'])) for info in infos}
    return os.path.commonpath(folders) if folders else None
