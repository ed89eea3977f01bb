"""Stop a training whose loss is no number any more."""

import torch
from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmscanet.errors import UsageError


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Look at the loss now and then, and before an epoch's checkpoint is saved.

    Weights that have become NaN never recover, and still give figures and a "best"
    checkpoint. mmdet's ``CheckInvalidLossHook`` does not look at the end of an epoch
    and does not say what to do.

    Args:
        interval: Iterations from one look to the next; each waits for the GPU.
    """

    def __init__(self, interval: int = 50) -> None:
        self.interval = interval

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: object = None,
        outputs: dict | None = None,
    ) -> None:
        """Check ``outputs['loss']``, the sum of the losses.

        Raises:
            UsageError: It is NaN or infinite.
        """
        last = self.end_of_epoch(runner.train_dataloader, batch_idx)
        if not (last or self.every_n_train_iters(runner, self.interval)):
            return
        loss = torch.as_tensor(outputs['loss'])
        if not torch.isfinite(loss).all():
            raise UsageError(
                f'the loss is {loss.item()} in iteration {runner.iter + 1}: the '
                'training has diverged. Lower optim_wrapper.optimizer.lr or clip '
                'gradients (optim_wrapper.clip_grad.max_norm), and start anew: what '
                'has been saved may be spoilt'
            )
