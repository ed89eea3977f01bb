"""A model and what is measured on it, in a process of its own."""

import multiprocessing
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any

import torch
from mmengine.config import ConfigDict

from .measure import Setting, build_for, count_labels, make_tasks, random_batch

_tasks: dict[str, Callable[[], object]] = {}  # of the process that was started


class TaskWorker:
    """Starts the process, and ends it as a context manager.

    Args:
        model_cfg: The config's ``model``.
        setting: What the measurement is taken on.
        prepare: Called first in the new process.
    """

    def __init__(
        self,
        model_cfg: ConfigDict,
        setting: Setting,
        prepare: Callable[[], object] | None = None,
    ) -> None:
        self._pool = multiprocessing.get_context('spawn').Pool(1)
        self.call(_start, model_cfg.to_dict(), setting, prepare)

    def call(self, function: Callable[..., Any], *args: object) -> Any:
        """Return what a function gives in that process."""
        return self._pool.apply(function, args)

    def task(self, name: str) -> Callable[[], object]:
        """Return what runs one of :func:`~.measure.make_tasks` there."""
        return partial(self.call, _run, name)

    def __enter__(self) -> 'TaskWorker':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.terminate()


def _start(
    model_cfg: dict, setting: Setting, prepare: Callable[[], object] | None
) -> None:
    if prepare is not None:
        prepare()
    if setting.threads:
        torch.set_num_threads(setting.threads)
    cfg = ConfigDict(model_cfg)
    model = build_for(setting, cfg)
    batch = random_batch(setting, count_labels(cfg))
    _tasks.update(make_tasks(model, batch, setting=setting))


def _run(name: str) -> None:
    _tasks[name]()
