"""Tell the model the labels of the training images."""

import numpy as np
import torch
from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmscanet.errors import ConfigError
from mmscanet.models.layers import LearnsLabels


@HOOKS.register_module()
class LabelStatisticsHook(Hook):
    """Before training, call ``learn_labels`` of each :class:`LearnsLabels` module.

    Models without one, such as SCANet, cost nothing. The labels come from the infos of
    the data set: no picture is read. A resumed run keeps what its checkpoint has.
    """

    def before_train(self, runner: Runner) -> None:
        """Read the labels, of each image once.

        Raises:
            ConfigError: The data set gives no image labels.
        """
        learners = [m for m in runner.model.modules() if isinstance(m, LearnsLabels)]
        if not learners or runner.iter > 0:
            return
        dataset = runner.train_dataloader.dataset
        infos = (dataset.get_data_info(index) for index in range(len(dataset)))
        # Joined data sets may have the same ids.
        cells = {
            (info['img_id'], info.get('img_path')): info.get('gt_score')
            for info in infos
        }
        if any(each is None for each in cells.values()):
            raise ConfigError(
                f'{type(dataset).__name__} gives no image labels (gt_score), from '
                'which this model learns how labels go together; use '
                'MultiLabelCocoDataset, MultiLabelVOCDataset or a subclass'
            )
        labels = torch.from_numpy(np.stack(list(cells.values())))
        for learner in learners:
            learner.learn_labels(labels, tuple(dataset.metainfo['classes']))
