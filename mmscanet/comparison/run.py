"""One training and its test, each in a process of its own, and what they give."""

import json
import math
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.runner import find_latest_checkpoint

from mmscanet.engine.launch import input_shape
from mmscanet.engine.measure import (
    Setting,
    build,
    count_flops,
    make_tasks,
    random_batch,
)
from mmscanet.engine.run_log import training_records
from mmscanet.errors import UsageError
from mmscanet.evaluation import METRIC_VERSION, ScoreTable, compute_figures
from mmscanet.files import write_json
from mmscanet.lock import only_process

from .config_name import ConfigName
from .machine import machine, versions
from .overlap import count_seen, find_overlaps
from .protocol import EvaluationSplit, Protocol, digest
from .recipe import recipe
from .results import FIGURES, Row

# Fields of a config, and of its default_hooks, that cannot change a figure.
_SHOWN = (
    *('visualizer', 'vis_backends', 'log_processor', 'log_level'),
    *('visualization', 'logger'),
)


class RunFailed(Exception):
    """A training or a test that did not end well; one line says why and where."""


def find_scores(work_dir: Path, config: str) -> dict[str, Path]:
    """Find the score files of a config's finished runs, by seed; see :class:`Run`.

    Args:
        work_dir: The folder of all runs.
        config: Name of the config's file, without suffix.

    Raises:
        UsageError: There is none, or a seed was run with several settings.
    """
    found: dict[str, Path] = {}
    for record in sorted((work_dir / config).glob('seed*-*/run.json')):
        seed, _ = record.parent.name.split('-')
        if seed in found:
            raise UsageError(
                f'{found[seed].parent} and {record.parent} are of one seed with '
                'different settings: remove the one that is not meant'
            )
        found[seed] = record.with_name('scores.npz')
    if not found:
        raise UsageError(
            f'{work_dir / config} has no finished run: train it with tools/compare.py'
        )
    return found


@dataclass(frozen=True)
class Run:
    """A config with a seed.

    Its folder holds ``train/`` and ``test/`` (working folders), ``train.log`` and
    ``test.log`` (what they printed), ``scores.npz`` and, written last, ``run.json``.

    Attributes:
        config: The config file.
        cfg: Its content, with the options applied.
        name: What its name says.
        seed: Of the training.
        protocol: Of the config.
        options: Words of the command line that train and test are given alike.
        work_dir: The folder of all runs.
        tools: The folder of ``train.py`` and ``test.py``.
    """

    config: Path
    cfg: Config
    name: ConfigName
    seed: int
    protocol: Protocol
    options: tuple[str, ...]
    work_dir: Path
    tools: Path

    @property
    def key(self) -> str:
        """A digest of the config, less what it says of logs and pictures, and the seed.

        It is part of the folder's name, so that a run of another config or with
        other options is another run and overwrites nothing.
        """
        cfg = {k: v for k, v in self.cfg.to_dict().items() if k not in _SHOWN}
        hooks = cfg.get('default_hooks') or {}
        cfg['default_hooks'] = {k: v for k, v in hooks.items() if k not in _SHOWN}
        return digest([cfg, self.seed])

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return self.work_dir / self.config.stem / f'seed{self.seed}-{self.key}'

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return (self.folder / 'run.json').is_file() and self._scores.is_file()

    @property
    def _scores(self) -> Path:
        return self.folder / 'scores.npz'

    @property
    def _damaged(self) -> str:
        return f'{self.folder} is damaged, remove it'

    def execute(self) -> None:
        """Do what is left to do of the training, the test and the measurements.

        Another process that does the same run is waited for.

        Raises:
            RunFailed: One of them failed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with only_process(self.folder / 'run.json', _say_that_it_waits):
            if not self.is_done:
                self._do()

    def _do(self) -> None:
        with _explain('the model cannot be measured'):
            cost = count_cost(self.cfg, len(self.protocol.classes))
        if not self._scores.is_file():
            _call(self.train_command(), self.folder / 'train.log')
            checkpoint = find_latest_checkpoint(str(self.folder / 'train'))
            if checkpoint is None:
                raise RunFailed(f'the training left no checkpoint in {self.folder}')
            _call(self.test_command(checkpoint), self.folder / 'test.log')
        with _explain(self._damaged):
            table, seconds = ScoreTable.load(self._scores), self.seconds()
        self._check_split(table)
        record = dict(
            protocol=self.protocol.to_json(),
            **cost,
            **seconds,
            machine=machine(),
            **versions(),
        )
        write_json(self.folder / 'run.json', record)

    def train_command(self) -> list[str]:
        """The command that trains; it goes on where an earlier one was stopped."""
        return [
            *(sys.executable, str(self.tools / 'train.py'), str(self.config)),
            *('--work-dir', str(self.folder / 'train'), '--resume'),
            *('--seed', str(self.seed), *self.options),
        ]

    def test_command(self, checkpoint: str) -> list[str]:
        """The command that tests; it writes the score file."""
        script = str(self.tools / 'test.py')
        return [
            *(sys.executable, script, str(self.config), checkpoint),
            *('--work-dir', str(self.folder / 'test')),
            *('--out', str(self._scores), *self.options),
        ]

    def seconds(self) -> dict[str, float | None]:
        """Seconds of an image in training and in the test, from the runs' own logs.

        Both include waiting for the images. None where nothing was logged, as by a
        training of fewer iterations than its logging interval.
        """
        train = [each['time'] for each in training_records(self.folder / 'train')]
        logs = sorted((self.folder / 'test').glob('*/*.json'))
        test = json.loads(logs[-1].read_text()).get('time') if logs else None
        images, size = self.protocol.test_images, self.cfg.test_dataloader.batch_size
        # The last batch may be smaller.
        images_a_batch = images / math.ceil(images / size)
        return dict(
            train_seconds=(
                float(np.mean(train)) / self.cfg.train_dataloader.batch_size
                if train
                else None
            ),
            predict_seconds=None if test is None else test / images_a_batch,
        )

    def row(self) -> Row:
        """Return the run's row, its figures computed anew from the score file.

        Raises:
            RunFailed: A file of the run is damaged.
        """
        with _explain(self._damaged):
            record = json.loads((self.folder / 'run.json').read_text())
            figures = compute_figures(ScoreTable.load(self._scores))
            protocol = Protocol.from_json(record.pop('protocol'))
        return Row(
            # The figures are of today's metric, whatever it was at the time.
            protocol=replace(protocol, metric_version=METRIC_VERSION),
            values=dict(
                method=self.name.method,
                config=self.config.stem,
                dataset=self.name.dataset,
                backbone=self.name.backbone,
                seed=self.seed,
                **{name: figures.get(name) for name in FIGURES},
                **record,
                seen_in_pretraining=count_seen(find_overlaps(self.cfg)),
                run=self.key,
                recipe=recipe(self.cfg),
            ),
        )

    def _check_split(self, table: ScoreTable) -> None:
        """Refuse scores of other images than the config's data set has."""
        measured = EvaluationSplit.of_scores(table)
        if not self.protocol.evaluated_on(measured):
            raise RunFailed(
                f'{self._scores} holds {measured.test_images} images with other labels '
                f"or ids than the {self.protocol.test_images} of the config's data set"
            )


def _say_that_it_waits() -> None:
    print('another comparison is at this run: waiting for it', flush=True)


def count_cost(cfg: Config, num_classes: int) -> dict[str, int]:
    """Count ``parameters`` and the ``flops`` of labelling one image.

    As in ``tools/analysis_tools/get_flops.py``: random weights and a random image; a
    multiply-add is two.
    """
    model = build(cfg.model)
    batch = random_batch(Setting(input_shape(cfg), batch_size=1), num_classes)
    tasks = make_tasks(model, batch)
    return dict(
        parameters=sum(param.numel() for param in model.parameters()),
        flops=count_flops(tasks.get('predict_labels', tasks['predict'])),
    )


def _call(command: list[str], log: Path) -> None:
    """Run a command; what it prints goes to ``log``.

    Raises:
        RunFailed: Its exit status is not 0.
    """
    print(shlex.join(command), flush=True)
    with log.open('w') as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
        try:
            status = process.wait()
        except KeyboardInterrupt:
            # Harmless while it writes a checkpoint: training goes on from the last
            # one that mmengine has noted as whole.
            process.terminate()
            process.wait()
            raise
    if status:
        raise RunFailed(f'{_last_words(log)} (exit status {status}; {log})')


def _last_words(log: Path) -> str:
    """Return the line in which a command says what is wrong, or its last one."""
    lines = log.read_text(errors='replace').splitlines()
    lines = [line.strip() for line in lines if line.strip()]
    errors = [line for line in lines if line.startswith('error: ')]
    return (errors or lines or ['nothing was printed'])[-1]


@contextmanager
def _explain(what: str) -> Iterator[None]:
    """Turn whatever is raised into a failure of this one run."""
    try:
        yield
    except Exception as error:  # models of others may raise anything
        text = ' '.join(str(error).split())
        raise RunFailed(f'{what}: {type(error).__name__}: {text}') from error
