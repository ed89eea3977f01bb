"""Refuse a model and a data set that differ in their number of labels."""

import re

from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, Runner
from torch import nn

from mmscanet.engine.distributed import bare_model
from mmscanet.errors import ConfigError

# `head`, `bbox_head`, `context_head`, `bbox_head.0` of a cascade, ...
_HEAD = re.compile(r'(?:^|[._])head(?:\.\d+)?$')


@HOOKS.register_module()
class LabelCountCheckHook(Hook):
    """Compare ``num_classes`` of the heads with ``classes`` of the data set.

    Before training and before each validation and test. mmdet's
    ``NumClassCheckHook`` does not look at tests and does not name the settings.
    """

    def before_train(self, runner: Runner) -> None:
        """Check the training data set; see :func:`check_label_count`."""
        self._check(runner, runner.train_loop)

    def before_val(self, runner: Runner) -> None:
        """Check the validation data set; see :func:`check_label_count`."""
        self._check(runner, runner.val_loop)

    def before_test(self, runner: Runner) -> None:
        """Check the test data set; see :func:`check_label_count`."""
        self._check(runner, runner.test_loop)

    @staticmethod
    def _check(runner: Runner, loop: BaseLoop) -> None:
        dataset = loop.dataloader.dataset
        classes = getattr(dataset, 'metainfo', {}).get('classes')
        if classes is not None:
            check_label_count(bare_model(runner), len(classes), type(dataset).__name__)


def check_label_count(model: nn.Module, count: int, dataset: str) -> None:
    """Check every head of a model.

    Args:
        model: Its modules are named as in the config.
        count: C, of the data set.
        dataset: Name of the data set, for the message.

    Raises:
        ConfigError: Names both numbers and the settings that are wrong.
    """
    wrong = {
        f'model.{name}.num_classes': module.num_classes
        for name, module in model.named_modules()
        if _HEAD.search(name)
        and isinstance(getattr(module, 'num_classes', None), int)
        # An RPN tells objects from background; a RoI head repeats its heads' number.
        and name.rpartition('.')[2] not in ('rpn_head', 'roi_head')
        and module.num_classes != count
    }
    if wrong:
        found = ' and '.join(map(str, sorted(set(wrong.values()))))
        raise ConfigError(
            f'the model predicts {found} labels, but {dataset} has {count} classes: '
            f'set {", ".join(f"{field}={count}" for field in wrong)}, or the data '
            "set's metainfo=dict(classes=(...))"
        )
