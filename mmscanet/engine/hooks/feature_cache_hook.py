"""Compute the feature maps of a frozen backbone once, not in every epoch."""

from pathlib import Path

from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmscanet.engine.distributed import bare_model
from mmscanet.engine.feature_cache import FeatureCache
from mmscanet.errors import require_writable_folder


@HOOKS.register_module()
class FeatureCacheHook(Hook):
    """Give the backbone a :class:`FeatureCache` where a folder is named for it.

    It serves the epochs of the frozen stage, validations in them, and tests of the
    same weights. In the joint stage it does nothing, nor for a backbone that something
    is injected into (KSSNet). Half precision changes features by at most 0.05 percent
    (those below 6e-5 by more), so that a run differs a little from one without.

    Args:
        folder: Where to keep the feature maps; None keeps none. MobileNetV2's, for
            pictures of 416 x 416, take 0.7 MB a picture and as much for its flip.
    """

    # After hooks that freeze the backbone or exchange its weights.
    priority = 'LOW'

    def __init__(self, folder: str | None = None) -> None:
        self.folder = folder
        self._cache: FeatureCache | None = None

    def before_run(self, runner: Runner) -> None:
        """Put the cache before the backbone.

        Raises:
            OutputError: The folder cannot be written to.
        """
        if self.folder is None or self._cache is not None:
            return
        require_writable_folder(self.folder)
        self._cache = FeatureCache(bare_model(runner).backbone, Path(self.folder))

    def before_train_epoch(self, runner: Runner) -> None:
        """Open the cache if it can serve this epoch."""
        self._open(runner, training=True)

    def before_val_epoch(self, runner: Runner) -> None:
        """Open the cache if it can serve these weights."""
        self._open(runner)

    before_test_epoch = before_val_epoch

    def _open(self, runner: Runner, training: bool = False) -> None:
        if self._cache is not None and self._cache.open(training):
            runner.logger.info(f'Feature maps of the backbone: kept in {self.folder}')

    def after_train_epoch(self, runner: Runner, *_: object, **__: object) -> None:
        """Say what the cache did, and close it."""
        if self._cache is not None:
            read, written = self._cache.read, self._cache.written
            self._cache.close()
            if read or written:
                runner.logger.info(
                    f'Feature maps of {read} images read, of {written} written'
                )

    after_val_epoch = after_test_epoch = after_train_epoch
