"""The model zoo's metafiles, made of the configs and of what was measured."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.fileio import dump

from mmscanet.errors import DataError

from .config_name import ConfigName
from .protocol import Protocol
from .published import RECORD, Published, load_published
from .report import Method, methods
from .results import Results

COMMAND = 'python tools/misc/make_metafiles.py'
#: What a table's files do not say of its runs, by the table's name.
NOTES = Path('results/notes.json')
# By the data set in a config's name: what is trained on, and what is measured on.
_DATA = {
    'shapes': ('ContextShapes', 'ContextShapes'),
    'coco': ('COCO 2017', 'COCO 2017 val'),
    'voc07': ('PASCAL VOC 2007', 'PASCAL VOC 2007 test'),
    'voc07-val': ('PASCAL VOC 2007 train', 'PASCAL VOC 2007 val'),
}
_TASK = 'Multi-Label Classification'
_METRICS = ('mAP', 'CF1', 'OF1')
_HEADER = (
    '# Made by `{command}` of the configs, results/ and\n'
    '# {record}; changes made here are lost.\n'
)


@dataclass(frozen=True)
class Family:
    """Models of one method: SCANet, or a peer.

    Attributes:
        page: Its README.md; the metafile lies beside it.
        code: File or folder of the model.
        configs: Its config files.
    """

    page: Path
    code: Path
    configs: tuple[Path, ...]

    @property
    def metafile(self) -> Path:
        """Where the metafile belongs."""
        return self.page.with_name('metafile.yml')

    def collection(self) -> dict[str, Any]:
        """Name and paper, as the page's first lines have them."""
        heading, first, *_ = self.page.read_text().split('\n\n')
        collection: dict[str, Any] = dict(Name=re.match('# ([^:,]+)', heading)[1])
        if paper := re.match('[^"]+, "([^"]+)",', first):
            collection['Paper'] = dict(Title=' '.join(paper[1].split()))
        return collection


@dataclass(frozen=True)
class Measured:
    """A config's runs in one table.

    Attributes:
        method: Its rows.
        protocol: Of the table.
        note: What else is to be known of the runs.
    """

    method: Method
    protocol: Protocol
    note: str | None

    def result(self, cfg: Config) -> dict[str, Any]:
        """Return the result as a metafile has it: the mean over all seeds."""
        return _result(
            self._describe_data(cfg),
            {name: self.method.mean(name) for name in _METRICS},
        )

    def _describe_data(self, cfg: Config) -> str:
        """Say what was measured, and all that was not as the config has it."""
        first, protocol = self.method.rows[0], self.protocol
        _, evaluated = _DATA[first['dataset']]
        words = [
            f'{evaluated}, {protocol.test_images:,} images',
            f'trained on {protocol.train_images:,}',
        ]
        planned = cfg.train_cfg.max_epochs
        if protocol.budget != f'{planned} epochs':
            words.append(f'for {protocol.budget} instead of {planned}')
        if self.note:
            words.append(self.note)
        if first['seen_in_pretraining'] != '0':
            words.append(f'{first["seen_in_pretraining"]} images seen in pre-training')
        seeds = len(self.method.rows)
        words.append('one seed' if seeds == 1 else f'mean of {seeds} seeds')
        return ', '.join(words)


def make_metafiles(root: Path) -> dict[str, str]:
    """Return path below ``root`` -> text of all metafiles and of the index.

    SCANet has a metafile, and so has each peer. The index names those that travel with
    the package: mmengine opens each file that it names, whenever a config has a base
    ``mmscanet::...``, and an installed package has no ``projects/``.

    Args:
        root: Of the repository.

    Raises:
        DataError: A result, a note or published weights are of nothing that is there.
    """
    families = list(find_families(root))
    configs = {path.stem for family in families for path in family.configs}
    measured = read_results(root)
    published = load_published(root / RECORD)
    require_known(measured, configs, 'results/', 'config')
    require_known(published, configs, str(RECORD), 'config')
    files = {}
    for family in families:
        collection = dict(
            **family.collection(),
            README=family.page.relative_to(root).as_posix(),
            Code=dict(URL=family.code.relative_to(root).as_posix()),
        )
        models = [
            _model(root, path, collection['Name'], measured, published)
            for path in family.configs
        ]
        path = family.metafile.relative_to(root).as_posix()
        files[path] = _to_yaml(dict(Collections=[collection], Models=models))
    travel = [path for path in files if path.startswith('configs/')]
    files['model-index.yml'] = _to_yaml(dict(Import=travel))
    return files


def find_families(root: Path) -> Iterator[Family]:
    """Yield SCANet and all peers, without configs in folders of their own."""
    scanet = root / 'configs/scanet'
    yield Family(
        page=scanet / 'README.md',
        code=root / 'mmscanet/models/detectors/scanet.py',
        configs=tuple(sorted(scanet.glob('*.py'))),
    )
    for folder in sorted(root.glob('projects/*/configs')):
        peer = folder.parent
        yield Family(
            page=peer / 'README.md',
            code=peer / peer.name,
            configs=tuple(sorted(folder.glob('*.py'))),
        )


def read_results(root: Path) -> dict[str, list[Measured]]:
    """Read all tables of ``results/``; return what was measured of each config."""
    notes = root / NOTES
    notes = json.loads(notes.read_text()) if notes.exists() else {}
    tables = sorted((root / 'results').glob('*.csv'))
    require_known(notes, {path.stem for path in tables}, str(NOTES), 'table')
    measured: dict[str, list[Measured]] = {}
    for path in tables:
        results = Results.load(path)
        for method in methods(results):
            found = Measured(method, results.protocol, notes.get(path.stem))
            measured.setdefault(method.config, []).append(found)
    return measured


def require_known(
    names: Iterable[str], known: Iterable[str], where: str, what: str
) -> None:
    """Refuse names of something that is not there.

    Raises:
        DataError: Says which name, of what, and where it stands.
    """
    if strangers := sorted({*names} - {*known}):
        raise DataError(f'{where} names {strangers[0]}, and there is no such {what}')


def _model(
    root: Path,
    path: Path,
    collection: str,
    measured: Mapping[str, list[Measured]],
    published: Mapping[str, Published],
) -> dict[str, Any]:
    """Return a model's entry; what it was trained with only if it was."""
    runs, weights = measured.get(path.stem, []), published.get(path.stem)
    dataset = ConfigName.parse(path).dataset
    require_known([dataset], _DATA, str(path), 'data set')
    metadata: dict[str, Any] = {'Training Data': _DATA[dataset][0]}
    results = []
    if runs or weights:
        # Reading a config takes its time: mmengine looks through mmdet's metafiles.
        cfg = Config.fromfile(path, import_custom_modules=False)
        metadata['Epochs'] = cfg.train_cfg.max_epochs
        metadata['Batch Size'] = cfg.train_dataloader.batch_size
        results = [run.result(cfg) for run in runs]
    if runs:
        metadata['Parameters'] = int(runs[0].method.mean('parameters'))
        metadata['FLOPs'] = int(runs[0].method.mean('flops'))
    entry = {
        'Name': path.stem,
        'In Collection': collection,
        'Config': path.relative_to(root).as_posix(),
        'Metadata': metadata,
    }
    if weights:
        metadata['Precision'] = weights.dtype
        metadata['Size (bytes)'] = weights.size
        metadata['SHA256'] = weights.sha256
        metadata['Training Command'] = weights.command
        figures = {**weights.metrics}
        if weights.mAP_before is not None:
            figures['mAP before publishing'] = weights.mAP_before
        results.append(_result(f'{weights.data}, the published weights', figures))
    if results:
        entry['Results'] = results
    if weights:
        entry['Weights'] = weights.weights
    return entry


def _result(dataset: str, figures: Mapping[str, float]) -> dict[str, Any]:
    rounded = {name: round(float(value), 2) for name, value in figures.items()}
    return dict(Task=_TASK, Dataset=dataset, Metrics=rounded)


def _to_yaml(content: dict[str, Any]) -> str:
    text = dump(content, file_format='yaml', sort_keys=False, width=120)
    return _HEADER.format(command=COMMAND, record=RECORD) + text
