"""What the command-line tools share: reading a config and adapting it.

Most functions here work on an ``mmengine.Config`` before a runner is built. A
mistake of the user's raises :class:`UsageError`; :func:`report_usage_errors`
turns it, and the data sets' errors, into one line on stderr and exit status 2.
"""

import errno
import io
import os
import select
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from mmengine.config import Config, ConfigDict, DictAction
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmscanet.errors import ConfigError, UsageError
from mmscanet.terminal import printable

from .config_checks import LOADERS, check_option, check_values
from .nested import nested_dicts

# What classes raise on arguments that they do not know or that are of another kind.
_MISFITS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
)


@contextmanager
def report_usage_errors(when_stopped: str = 'stopped') -> Iterator[None]:
    """Print a :class:`UsageError`, or that a disk is full, and exit with status 2.

    Where ``MMSCANET_TRACEBACK`` is set in the environment, the error passes through.
    Where the reader of the output has enough (``| head``), the command ends without a
    word, with the status of a process that met SIGPIPE, 141.

    Args:
        when_stopped: The line for Ctrl-C, which exits with status 130.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name that the terminal's encoding lacks must not end the run.
        sys.stdout.reconfigure(errors='backslashreplace')
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    except UsageError as error:
        if os.environ.get('MMSCANET_TRACEBACK'):
            raise
        print(f'error: {printable(one_line(error))}', file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        _stop(when_stopped)
    except BrokenPipeError:
        if not _reader_has_left():
            raise
        sys.exit(141)
    except Exception as error:
        if _was_interrupted(error):
            _stop(when_stopped)
        if not _is_of_a_full_disk(error) or os.environ.get('MMSCANET_TRACEBACK'):
            raise
        name = error.filename or 'a file'
        print(f'error: cannot write {name}: {error.strerror}', file=sys.stderr)
        sys.exit(2)
    finally:
        # At exit Python would try again to write what is left, and tell of it.
        if _reader_has_left():
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _stop(line: str) -> NoReturn:
    print(f'\n{line}', file=sys.stderr)
    sys.exit(130)


def _was_interrupted(error: BaseException) -> bool:
    """Tell whether Ctrl-C led to an error, as where a library cleans up badly."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, KeyboardInterrupt):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _is_of_a_full_disk(error: Exception) -> bool:
    """Tell whether no file, such as a checkpoint of mmengine's, could be written."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


class AllIsBuilt(Hook):
    """Notes that a runner has built all that its config names, and is about to begin.

    A runner builds data sets, loops, evaluators, optimiser and schedulers only after
    ``train`` or ``test`` was called, and then says ``before_run``.
    """

    priority = 'HIGHEST'

    def __init__(self) -> None:
        self.noted = False

    def before_run(self, runner: Runner) -> None:
        """Note it."""
        self.noted = True


@contextmanager
def explain_unusable_config() -> Iterator[AllIsBuilt]:
    """Tell in one line what stands in the way of building what a config names.

    Yields:
        A hook. A runner that has it ends the explanations when it has built everything;
        what is raised later is no fault of the config's, and passes.

    Raises:
        ConfigError: In the place of what a class raises on arguments that it does not
            know or that are of another kind.
    """
    built = AllIsBuilt()
    try:
        yield built
    except (UsageError, BrokenPipeError):
        raise
    except _MISFITS as error:
        if built.noted:
            raise
        raise ConfigError(
            f'what the config asks for cannot be built: {type(error).__name__}: '
            f'{" ".join(str(error).split())} (MMSCANET_TRACEBACK=1 shows where)'
        ) from error


def _reader_has_left() -> bool:
    """Tell whether stdout is a pipe or a socket that nobody reads any more."""
    try:
        descriptor = sys.stdout.fileno()
    except (AttributeError, OSError, ValueError):  # none, no file, or closed
        return False
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def one_line(error: Exception) -> str:
    """Return an error's message in one line, without the traceback of a worker.

    torch raises what failed in a DataLoader's worker again in the main process, as
    the same type with the worker's traceback for a message.
    """
    name = f'{type(error).__module__}.{type(error).__qualname__}: '
    return ' '.join(str(error).rpartition(f'\n{name}')[2].split())


def positive(text: str) -> int:
    """Read a whole number of at least 1 from the command line."""
    number = int(text)
    if number < 1:
        raise ArgumentTypeError(f'{number} is below 1')
    return number


def not_negative(text: str) -> int:
    """Read a whole number of at least 0 from the command line."""
    number = int(text)
    if number < 0:
        raise ArgumentTypeError(f'{number} is below 0')
    return number


class KeyValueAction(DictAction):
    """mmengine's ``KEY=VALUE`` action with an error line for a missing ``=``."""

    def __call__(
        self,
        parser: ArgumentParser,
        namespace: Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Add the pairs to ``namespace``, or exit with a line that names the word."""
        for value in values:
            if '=' not in value:
                parser.error(f'{option_string}: expected KEY=VALUE, got "{value}"')
        super().__call__(parser, namespace, values, option_string)


def add_config_arguments(parser: ArgumentParser) -> None:
    """Add the config path and the options that change a config."""
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--data-root',
        metavar='DIR',
        help='folder of the data, for every data set and evaluator of the config',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=KeyValueAction,
        metavar='KEY=VALUE',
        help='change settings of the config, e.g. optim_wrapper.optimizer.lr=0.01; '
        'a list is written "[a,b]", without spaces',
    )


def add_shape_argument(parser: ArgumentParser) -> None:
    """Add the option for the size of images; :func:`input_shape` is the default."""
    parser.add_argument(
        '--shape',
        type=positive,
        nargs=2,
        metavar=('HEIGHT', 'WIDTH'),
        help="pixels of the images; without it, those of the config's test pipeline",
    )


def add_runner_arguments(parser: ArgumentParser) -> None:
    """Add the options that :func:`set_work_dir` and ``set_launcher`` read."""
    parser.add_argument('--work-dir', metavar='DIR', help='folder of logs and results')
    parser.add_argument(
        '--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none'
    )
    # torchrun sets LOCAL_RANK itself; torch.distributed.launch passes an option.
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)


def load_config(
    path: str,
    options: dict[str, Any] | None = None,
    data_root: str | None = None,
    needs: Sequence[str] = (),
) -> Config:
    """Read a config file and apply ``--data-root`` and ``--cfg-options``.

    Args:
        path: The config file.
        options: Dotted keys and their new values.
        data_root: The new folder of the data.
        needs: Top-level fields that the caller cannot do without.

    Raises:
        UsageError: The file or one of its bases is missing or is no config, lacks a
            needed field, or an option names a key that the config does not have.
        ConfigError: See :func:`check_values`.
    """
    if not Path(path).is_file():
        raise UsageError(f'config file {path} does not exist')
    try:
        cfg = Config.fromfile(path)
    except (OSError, SyntaxError) as error:
        hint = ''
        if 'mmscanet/.mim' in str(error):
            hint = (
                '. mmscanet:: needs the package installed: "pip install '
                '--no-build-isolation -r requirements.txt" in the clone'
            )
        raise UsageError(f'config file {path}: {error}{hint}') from error
    except Exception as error:  # a config is code and may raise anything
        raise UsageError(
            f'config file {path}: {type(error).__name__}: {error}'
        ) from error
    if data_root is not None:
        set_data_root(cfg, data_root)
    for key in options or {}:
        check_option(cfg, key)
    try:
        cfg.merge_from_dict(options or {})
    except (TypeError, KeyError) as error:
        raise UsageError(f'--cfg-options: {error}') from error
    absent = [name for name in needs if cfg.get(name) is None]
    if absent:
        raise UsageError(
            f'config file {path} has no {", ".join(absent)}; name a whole config, '
            'such as configs/scanet/scanet_r50_fpn_coco.py'
        )
    check_values(cfg)
    for name in LOADERS:
        loader = cfg.get(name)
        if loader is not None and loader.get('num_workers') == 0:
            # torch refuses to keep workers that are not there.
            loader.persistent_workers = False
    return cfg


def set_data_root(cfg: Config, data_root: str) -> None:
    """Point every data set of ``cfg`` at another folder, in place.

    Replaces each ``data_root``, and the old root at the start of each ``ann_file``
    that is written out in full, as the evaluators (``CocoMetric``) have it.

    Raises:
        UsageError: The config names no ``data_root``.
    """
    old_roots: set[str] = set()
    for node in nested_dicts(cfg._cfg_dict):
        if isinstance(node.get('data_root'), str):
            old_roots.add(node['data_root'])
            node['data_root'] = data_root
    if not old_roots:
        raise UsageError('--data-root: the config has no data_root to replace')
    for node in nested_dicts(cfg._cfg_dict):
        # A data set joins its own ann_file to data_root.
        if 'data_root' in node or not isinstance(node.get('ann_file'), str):
            continue
        for old in sorted(old_roots, key=len, reverse=True):
            # data/coco is not the root of data/coco_extra/val.json.
            whole_names = old.rstrip('/') + '/'
            if old and node['ann_file'].startswith(whole_names):
                rest = node['ann_file'].removeprefix(whole_names).lstrip('/')
                node['ann_file'] = os.path.join(data_root, rest)
                break


def set_work_dir(cfg: Config, work_dir: str | None, config_path: str) -> None:
    """Choose the working folder: option, then config, then the config's name."""
    if work_dir is not None:
        cfg.work_dir = work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = os.path.join('work_dirs', Path(config_path).stem)


def input_shape(cfg: Config) -> tuple[int, int]:
    """Return the (H, W), in pixels, that the test pipeline resizes images to.

    Raises:
        UsageError: The config does not say it.
    """
    pipelines = (cfg.get('test_dataloader'), cfg.get('test_pipeline'))
    for node in nested_dicts(list(pipelines)):
        if node.get('type') in ('Resize', 'mmdet.Resize') and node.get('scale'):
            width, height = resize_scale(node)
            return height, width
    raise UsageError('--shape: the config has no Resize with a scale; give the shape')


def resize_scale(resize: dict) -> tuple[int, int]:
    """Return the (W, H), in pixels, of a ``Resize``; one number means a square."""
    scale = resize['scale']
    return (scale, scale) if isinstance(scale, int) else tuple(scale)


def add_tensorboard(cfg: Config) -> None:
    """Let the runner's visualizer write TensorBoard events too.

    Raises:
        UsageError: TensorBoard is not installed.
    """
    if find_spec('tensorboard') is None:
        raise UsageError('--tensorboard: run "pip install tensorboard" first')
    visualizer = cfg.setdefault('visualizer', ConfigDict(type='DetLocalVisualizer'))
    backends = list(visualizer.get('vis_backends') or [])
    if not any(backend['type'] == 'TensorboardVisBackend' for backend in backends):
        backends.append(ConfigDict(type='TensorboardVisBackend'))
    visualizer.vis_backends = backends
