"""Have a published checkpoint on this machine: whole, checked, weights alone."""

from pathlib import Path

from mmscanet.engine.weights import load_weights
from mmscanet.errors import UsageError, explain_failed_output, require_writable_folder
from mmscanet.lock import only_process

from .cache import (
    cache_dir,
    file_name,
    find_fault,
    is_intact,
    possible_files,
    require_published,
)
from .fetch import fetch, tell
from .index import ZooModel, is_url


def download_checkpoint(
    model: ZooModel,
    folder: str | Path | None = None,
    source: str | None = None,
    progress: bool = True,
) -> Path:
    """Return the file of a published checkpoint, which is fetched if it is not here.

    Whether it is here is told by its SHA-256, without a network. It gets its name only
    when it is whole and checked; until then it lies beside it as ``.part``, which a
    later call goes on with.

    Args:
        model: One of the zoo.
        folder: Where the file has to lie. By default where it is already, or else in
            the cache.
        source: Another place to fetch it from, a URL or a path.
        progress: Show a progress bar on stderr, if that is a terminal.

    Raises:
        UsageError: There is none, it cannot be fetched or written, or what was fetched
            is another file or holds more than weights.
    """
    require_published(model)
    here = next((x for x in possible_files(model) if is_intact(x, model)), None)
    if here is not None and folder is None:
        return here
    target = Path(folder or cache_dir()).expanduser() / file_name(model)
    if is_intact(target, model):
        return target
    url = _as_url(source or here or _published_place(model))
    require_writable_folder(target.parent)
    waiting = f'another process is fetching {target.name}: waiting for it'
    with only_process(target, when_waiting=lambda: tell(waiting)):
        # Another process may have made it meanwhile.
        if not is_intact(target, model):
            if target.is_file():
                tell(f'{target} is damaged: fetching it again')
            part = target.with_name(f'{target.name}.part')
            _fetch_checked(url, part, model, progress)
            with explain_failed_output(target):
                part.replace(target)
    return target


def _published_place(model: ZooModel) -> str:
    if not is_url(model.weights) and not Path(model.weights).is_file():
        raise UsageError(
            f'{model.weights} is missing: it comes with a clone of the repository; '
            'fetch it from there, or name a copy with --source'
        )
    return model.weights


def _as_url(place: str | Path) -> str:
    if isinstance(place, str) and is_url(place):
        return place
    return Path(place).expanduser().absolute().as_uri()


def _fetch_checked(url: str, part: Path, model: ZooModel, progress: bool) -> None:
    """Fill ``part`` with the published checkpoint; delete it if it becomes another.

    Raises:
        UsageError: It cannot be fetched, or is another file.
    """
    resumed = part.exists()
    fetch(url, part, model.size, progress)
    fault = find_fault(part, model)
    if fault and resumed:
        # Its beginning may be of another file, such as one the source had before.
        tell(f'what had arrived of {model.name} before does not fit: starting anew')
        part.unlink()
        fetch(url, part, model.size, progress)
        fault = find_fault(part, model)
    try:
        if fault:
            raise UsageError(
                f'{url} is not the published checkpoint and was deleted: {fault}'
            )
        load_weights(part)
    except UsageError:
        part.unlink()
        raise
