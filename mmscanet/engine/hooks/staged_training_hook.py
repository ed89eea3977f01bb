"""Train with a frozen backbone first, then all layers, in one run."""

import gc
from collections.abc import Sequence

from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from mmscanet.engine.distributed import bare_model
from mmscanet.errors import ConfigError

_STATE = 'staged_training'  # key in the message hub, which checkpoints carry


def freeze(module: nn.Module) -> list[nn.Parameter]:
    """Stop gradients into ``module`` and put it in eval mode.

    Returns:
        The parameters that were trainable. Those that were not (a backbone's
        ``frozen_stages``) are left out, so that they stay frozen afterwards.
    """
    trainable = [param for param in module.parameters() if param.requires_grad]
    for param in trainable:
        param.requires_grad_(False)
        param.grad = None
    module.eval()
    return trainable


@HOOKS.register_module()
class StagedTrainingHook(Hook):
    """Freeze parts of the model in the first stage, then train all of it jointly.

    The paper trains the new layers on a frozen backbone until they have converged and
    then all layers together (section 3). In the frozen stage the modules are in eval
    mode (batch statistics and dropout rest), their parameters get no gradient and no
    weight decay, and autograd records nothing inside them. What is frozen otherwise
    (a backbone's ``frozen_stages``) stays so in the joint stage.

    The stage is part of every checkpoint, and resuming restores it. mmengine writes an
    epoch's checkpoint before it validates that epoch; where the switch depends on
    validation, the missing validation is run again on resuming, so that an interrupted
    run switches at the same epoch as an uninterrupted one.

    Args:
        module: Name of the module to freeze, or several, as ``get_submodule`` takes it.
        switch_epoch: Number of frozen epochs, that is the 0-based index of the first
            joint one; 0 trains jointly from the start. None switches when ``monitor``
            stops rising.
        monitor: Validation metric, in the evaluator's unit; larger is better.
        patience: Validations in a row without a rise after which to switch.
        min_delta: Smallest difference to the best value so far that counts as a rise,
            in the metric's unit (``multi-label/mAP`` is in percent).
        max_frozen_epochs: Upper limit of frozen epochs while ``monitor`` rises.
    """

    def __init__(
        self,
        module: str | Sequence[str] = 'backbone',
        switch_epoch: int | None = None,
        monitor: str = 'multi-label/mAP',
        patience: int = 2,
        min_delta: float = 0.1,
        max_frozen_epochs: int | None = None,
    ) -> None:
        limits = dict(switch_epoch=switch_epoch, max_frozen_epochs=max_frozen_epochs)
        for name, value, least in [
            ('patience', patience, 1),
            *((name, value, 0) for name, value in limits.items()),
        ]:
            if value is not None and value < least:
                raise ConfigError(
                    f'StagedTrainingHook: {name} must be at least {least}, got {value}'
                )
        self.module_names = [module] if isinstance(module, str) else list(module)
        self.switch_epoch = switch_epoch
        self.monitor = monitor
        self.patience = patience
        self.min_delta = min_delta
        self.max_frozen_epochs = max_frozen_epochs
        self._modules: list[nn.Module] = []
        self._frozen: list[nn.Parameter] | None = None  # None: not frozen at present
        self._first_epoch = 0  # of this run, which may go on with an earlier one

    def before_run(self, runner: Runner) -> None:
        """Start in the frozen stage; a checkpoint resumed later overrides this."""
        self._frozen = None
        state = dict(stage='frozen', best=float('-inf'), stale=0, scored_epoch=0)
        runner.message_hub.update_info(_STATE, state)

    def before_train(self, runner: Runner) -> None:
        """Freeze, unless a checkpoint of the joint stage has been resumed.

        Weights and states have been loaded by now.

        Raises:
            ConfigError: The loop does not count epochs, nothing is validated though the
                switch depends on it, or a module does not exist.
        """
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            raise ConfigError('StagedTrainingHook needs an EpochBasedTrainLoop')
        if self.switch_epoch is None and runner.val_loop is None:
            raise ConfigError(
                f'StagedTrainingHook: nothing is validated, so {self.monitor} is never '
                'measured; set switch_epoch or add a val_dataloader'
            )
        self._modules = [_submodule(bare_model(runner), n) for n in self.module_names]
        self._first_epoch = runner.epoch
        if self._stage(runner) == 'joint' or self._reached_limit(runner):
            self._log_joint(runner, 'this hook freezes nothing')
            return
        self._frozen = [p for module in self._modules for p in freeze(module)]
        self._rewrap(runner)
        runner.logger.info(
            f'Frozen stage: {", ".join(self.module_names)} '
            f'({len(self._frozen)} tensors) until {self._until()}'
        )

    def before_train_epoch(self, runner: Runner) -> None:
        """Switch to the joint stage where it is due."""
        if self._frozen is None:
            return
        self._repeat_lost_validation(runner)
        if self._reached_limit(runner):
            self._state(runner)['stage'] = 'joint'
        if self._stage(runner) == 'joint':
            self._unfreeze(runner)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: object = None
    ) -> None:
        """Return frozen modules to eval mode, which ``model.train()`` has ended."""
        if self._frozen is not None:
            for module in self._modules:
                if module.training:
                    module.eval()

    def after_val_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Note whether the monitored metric has risen.

        Every process sees the same metrics, so all of them switch together.

        Raises:
            ConfigError: The metric is not among those of the evaluators.
        """
        if self._frozen is None or self.switch_epoch is not None:
            return
        if self.monitor not in (metrics or {}):
            raise ConfigError(
                f'StagedTrainingHook: monitor="{self.monitor}" was not measured; '
                f'the evaluators give {", ".join(sorted(metrics or {})) or "nothing"}'
            )
        state, score = self._state(runner), float(metrics[self.monitor])
        state['scored_epoch'] = runner.epoch
        if score > state['best'] + self.min_delta:
            state.update(best=score, stale=0)
            return
        state['stale'] += 1
        if state['stale'] >= self.patience:
            state['stage'] = 'joint'
            runner.logger.info(
                f'{self.monitor} has not risen above {state["best"]:.2f} by more than '
                f'{self.min_delta} in {state["stale"]} validations'
            )

    def after_train(self, runner: Runner) -> None:
        """Warn where the joint stage was never reached.

        A run that had no epoch left to train when it was resumed stays silent.
        """
        if self._frozen is not None and runner.epoch > self._first_epoch:
            runner.logger.warning(
                'Training ended in the frozen stage: all epochs were run with '
                f'{", ".join(self.module_names)} frozen'
            )

    @property
    def _limit(self) -> int | None:
        """Index of the first epoch that is joint in any case."""
        if self.switch_epoch is not None:
            return self.switch_epoch
        return self.max_frozen_epochs

    def _until(self) -> str:
        """Say when the frozen stage ends, for the log (epochs counted from 1)."""
        ends = [] if self._limit is None else [f'epoch {self._limit} is done']
        if self.switch_epoch is None:
            ends.append(f'{self.monitor} stops rising')
        return ' or '.join(ends)

    def _reached_limit(self, runner: Runner) -> bool:
        return self._limit is not None and runner.epoch >= self._limit

    def _state(self, runner: Runner) -> dict:
        return runner.message_hub.get_info(_STATE)

    def _stage(self, runner: Runner) -> str:
        return self._state(runner)['stage']

    def _repeat_lost_validation(self, runner: Runner) -> None:
        """Validate the resumed epoch if its checkpoint does not know the result."""
        loop, epoch = runner.train_loop, runner.epoch
        due = epoch >= loop.val_begin and epoch % loop.val_interval == 0
        lost = self._state(runner)['scored_epoch'] < epoch
        if self.switch_epoch is None and due and lost:
            runner.logger.info(f'Validating epoch {epoch} again before going on')
            runner.val_loop.run()

    def _unfreeze(self, runner: Runner) -> None:
        for param in self._frozen:
            param.requires_grad_(True)
        names, count = ', '.join(self.module_names), len(self._frozen)
        self._frozen = None
        self._rewrap(runner)
        self._log_joint(runner, f'{names} trained too ({count} tensors unfrozen)')

    @staticmethod
    def _log_joint(runner: Runner, what: str) -> None:
        runner.logger.info(f'Joint stage from epoch {runner.epoch + 1} on: {what}')

    @staticmethod
    def _rewrap(runner: Runner) -> None:
        """Build the distributed wrapper anew, for it notes what is trainable once.

        The old one would wait for gradients of parameters frozen since, and would not
        average those of parameters unfrozen since. The optimiser holds the parameters
        themselves and is not concerned.
        """
        if not is_model_wrapper(runner.model):
            return
        if not isinstance(runner.model, DistributedDataParallel):
            raise TypeError(
                'StagedTrainingHook works with DistributedDataParallel, '
                f'not with {type(runner.model).__name__}'
            )
        model = runner.model.module
        runner.model = None
        gc.collect()  # the old wrapper takes its gradient hooks with it
        runner.model = runner.wrap_model(runner.cfg.get('model_wrapper_cfg'), model)
        runner._maybe_compile('train_step')


def _submodule(model: nn.Module, name: str) -> nn.Module:
    """Return ``model.<name>`` or raise a ConfigError that lists what there is."""
    try:
        return model.get_submodule(name)
    except AttributeError as error:
        parts = ', '.join(child for child, _ in model.named_children())
        raise ConfigError(
            f'StagedTrainingHook: {type(model).__name__} has no module "{name}"; '
            f'it has {parts}'
        ) from error
