"""From which checkpoint a training goes on, and whether it is of that training."""

from pathlib import Path

from mmengine.hooks import Hook
from mmengine.runner import Runner, find_latest_checkpoint

from mmscanet.errors import UsageError

from .distributed import bare_model
from .weights import check_checkpoint, check_state_dict, stored_meta


def last_checkpoint(work_dir: str | Path) -> str | None:
    """Return the last checkpoint of a working folder, ``None`` if there is none yet.

    A folder that was moved or copied goes on from its own files: mmengine notes the
    whole path, which may still be there.

    Raises:
        UsageError: The file is gone or damaged; names the one before, if any is left.
    """
    work_dir = Path(work_dir)
    noted = find_latest_checkpoint(str(work_dir)) if work_dir.is_dir() else None
    if noted is None:
        return None
    own = work_dir / Path(noted).name
    latest = str(own) if own.is_file() else noted
    try:
        check_checkpoint(latest)
    except UsageError as error:
        advice = ''
        if (earlier := _newest_but(latest, work_dir)) is not None:
            advice = f'; --resume {earlier} goes on from the one before'
        raise UsageError(
            f'{work_dir / "last_checkpoint"} names {latest}: {error}{advice}'
        ) from error
    return latest


def _newest_but(damaged: str, work_dir: Path) -> Path | None:
    """The newest checkpoint of a folder that can be read, other than ``damaged``."""
    files = [*work_dir.glob('epoch_*.pth'), *work_dir.glob('iter_*.pth')]
    for file in sorted(files, key=lambda each: each.stat().st_mtime, reverse=True):
        if file == Path(damaged):
            continue
        try:
            check_checkpoint(str(file))
        except UsageError:
            continue
        return file
    return None


class RequireSameTraining(Hook):
    """Refuse to resume a checkpoint of other labels or of another model.

    mmengine only warns, and then either the optimiser's state does not fit or labels
    silently take each other's places.
    """

    priority = 'LOWEST'  # after hooks that rewrite the checkpoint (EMA)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare labels, then names and shapes of the weights.

        Raises:
            UsageError: They differ; see also :func:`check_state_dict`.
        """
        if not runner.cfg.get('resume'):
            return
        advice = (
            'to start from its weights, take another --work-dir and, in the place of '
            f'--resume, --cfg-options load_from={runner.cfg.load_from}'
        )
        there = stored_meta(checkpoint).get('classes')
        dataset = runner.train_loop.dataloader.dataset
        here = getattr(dataset, 'metainfo', {}).get('classes')
        if there and here and (difference := first_difference(there, here)):
            raise UsageError(f'--resume {runner.cfg.load_from}: {difference}; {advice}')
        try:
            check_state_dict(bare_model(runner), checkpoint.get('state_dict', {}))
        except UsageError as error:
            raise UsageError(
                f'--resume {runner.cfg.load_from}: {error}; {advice}'
            ) from error


def first_difference(
    there: tuple[str, ...] | list[str], here: tuple[str, ...] | list[str]
) -> str | None:
    """Say where the labels of a checkpoint and of a config first differ."""
    if len(there) != len(here):
        return f'the checkpoint has {len(there)} labels, the config {len(here)}'
    for number, (old, new) in enumerate(zip(there, here, strict=True), 1):
        if old != new:
            return f'label {number} is {old!r} in the checkpoint, {new!r} in the config'
    return None
