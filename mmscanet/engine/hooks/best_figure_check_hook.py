"""Say that a validation lacks the figure by which the best checkpoint is chosen."""

import difflib

from mmdet.registry import HOOKS
from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import Runner

from mmscanet.errors import ConfigError


@HOOKS.register_module()
class BestFigureCheckHook(Hook):
    """Stop after the first validation where ``save_best`` names no figure of it.

    mmengine would stop there too, with a ``KeyError``. Which figures there are is only
    known then: evaluators name them as they compute them.
    """

    def after_val_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Look for what each checkpoint hook wants among ``metrics``.

        Raises:
            ConfigError: A figure is not there; the message has the nearest one.
        """
        if not metrics:
            return
        wanted = [
            figure
            for hook in runner.hooks
            if isinstance(hook, CheckpointHook) and hook.save_best
            for figure in hook.key_indicators
        ]
        for figure in wanted:
            if figure != 'auto' and figure not in metrics:
                near = difflib.get_close_matches(figure, metrics, n=1, cutoff=0)
                raise ConfigError(
                    f'default_hooks.checkpoint.save_best: the validation has no figure '
                    f'"{figure}"; did you mean "{near[0]}"? With --resume the run goes '
                    'on from the last checkpoint'
                )
