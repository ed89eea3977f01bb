"""Warn of a warm-up that takes most of a training."""

from collections.abc import Iterator

from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.optim import LinearParamScheduler, _ParamScheduler
from mmengine.runner import Runner


@HOOKS.register_module()
class WarmUpCheckHook(Hook):
    """Say so where the learning rate grows for more than half of the iterations.

    A warm-up is counted in iterations and a training in epochs, so that with few
    images the training may end before the warm-up does.
    """

    def before_train(self, runner: Runner) -> None:
        """Compare each warm-up of the schedule with the iterations to be run."""
        for scheduler in _schedulers(runner.param_schedulers):
            grows = isinstance(scheduler, LinearParamScheduler) and not (
                scheduler.by_epoch or scheduler.start_factor >= scheduler.end_factor
            )
            if grows and 2 * scheduler.end > runner.max_iters:
                runner.logger.warning(
                    f'The learning rate warms up for {scheduler.end} iterations, and '
                    f'the training has {runner.max_iters}: it may hardly learn. Raise '
                    'train_cfg.max_epochs, and the end of the schedule in '
                    'param_scheduler with it.'
                )


def _schedulers(
    node: list | dict | _ParamScheduler | None,
) -> Iterator[_ParamScheduler]:
    """Yield all schedulers of a runner, which has a dict of them for some models."""
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _schedulers(each)
    elif node is not None:
        yield node
