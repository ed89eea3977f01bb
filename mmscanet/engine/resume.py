"""From which checkpoint a training goes on, and whether it is of that training."""

from pathlib import Path

from mmengine.hooks import Hook
from mmengine.runner import Runner, find_latest_checkpoint
from torch import nn

from mmscanet.errors import UsageError

from .distributed import bare_model
from .weights import check_checkpoint, check_shapes, stored_meta


def last_checkpoint(work_dir: str | Path) -> str | None:
    """Return the last checkpoint of a working folder, ``None`` if there is none yet.

    A folder that was moved or copied goes on from its own file of that name: mmengine
    notes the whole path, which may still be there. Where checkpoints are kept
    elsewhere, an older file of the name in the folder is of an older run.

    Raises:
        UsageError: The file is gone or damaged; names the one before, if any is left.
    """
    work_dir = Path(work_dir)
    noted = find_latest_checkpoint(str(work_dir)) if work_dir.is_dir() else None
    if noted is None:
        return None
    files = [work_dir / Path(noted).name, Path(noted)]
    there = [file for file in files if file.is_file()]
    # Of equal times, as of a copy that keeps them, the first.
    latest = str(max(there, key=lambda file: file.stat().st_mtime)) if there else noted
    try:
        check_checkpoint(latest)
    except UsageError as error:
        advice = ''
        if (earlier := _last_before(Path(latest))) is not None:
            advice = f'; --resume {earlier} goes on from the one before'
        raise UsageError(
            f'{work_dir / "last_checkpoint"} names {latest}: {error}{advice}'
        ) from error
    return latest


def _last_before(damaged: Path) -> Path | None:
    """The checkpoint with the next lower number beside ``damaged`` that can be read."""
    kind, _, number = damaged.stem.rpartition('_')
    if not number.isdigit():
        return None
    others = damaged.parent.glob(f'{kind}_*.pth')
    numbers = (file.stem.removeprefix(f'{kind}_') for file in others)
    earlier = {int(each) for each in numbers if each.isdigit()} & {*range(int(number))}
    for each in sorted(earlier, reverse=True):
        file = damaged.with_name(f'{kind}_{each}.pth')
        try:
            check_checkpoint(str(file))
        except UsageError:
            continue
        return file
    return None


def skip_pretrained(model: nn.Module) -> None:
    """Make the parts of a model, in place, forget the files that they start from.

    A checkpoint that is resumed has all weights, which :class:`RequireSameTraining`
    sees to, and where a run goes on those files may be out of reach.
    """
    for module in model.modules():
        start = getattr(module, 'init_cfg', None)
        if isinstance(start, dict) and start.get('type') == 'Pretrained':
            module.init_cfg = None


class RequireSameTraining(Hook):
    """Refuse to resume a checkpoint of other labels or of another model.

    mmengine only warns, and then either the optimiser's state does not fit or labels
    silently take each other's places.
    """

    priority = 'HIGHEST'  # before averaged weights are loaded, which must fit too

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare labels, then names and shapes of the weights.

        Raises:
            UsageError: They differ.
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
            check_shapes(bare_model(runner), checkpoint.get('state_dict', {}))
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
