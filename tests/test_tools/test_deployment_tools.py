"""The command lines of tools/deployment; a file is written for labels only, once."""

import io
import json
import runpy
import shutil
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mmscanet.deployment import ExportableSCANet, agreement, onnx_file
from mmscanet.evaluation.thresholds import LabelThresholds, sidecar_path

EXPORT = 'deployment/export_onnx'
BENCHMARK = 'deployment/benchmark_onnx'


@pytest.fixture(scope='module', autouse=True)
def packages() -> None:
    for name in onnx_file.PACKAGES:
        pytest.importorskip(name, reason='needs requirements/deployment.txt')


@pytest.fixture(scope='module')
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from sklearn.datasets import load_sample_image

    path = tmp_path_factory.mktemp('photo') / 'china.png'
    cv2.imwrite(str(path), load_sample_image('china.jpg')[..., ::-1])
    return path


@pytest.fixture(scope='module')
def checkpoint(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the checkpoint to a folder that has thresholds beside it."""
    path = tmp_path_factory.mktemp('checkpoint') / 'tiny.pth'
    shutil.copy(tiny_checkpoint, path)
    meta = torch.load(path, weights_only=False)['meta']
    classes = meta['dataset_meta']['classes']
    LabelThresholds.shared(classes, 0.4).save(sidecar_path(path))
    return path


@pytest.fixture(scope='module')
def run(
    tiny_config: Path,
    checkpoint: Path,
    photo: Path,
    repo_root: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, list[str]]:
    """Export the labels once; return the file and what the tool printed."""
    path = tmp_path_factory.mktemp('out') / 'labels.onnx'
    tool = str(repo_root / 'tools/deployment/export_onnx.py')
    words = [tool, tiny_config, checkpoint, '--out', path, '--labels-only']
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
        patch.setattr(sys, 'argv', [*map(str, words), '--images', str(photo)])
        runpy.run_path(tool, run_name='__main__')
    return path, printed.getvalue().splitlines()


@pytest.fixture
def no_export(run: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the file that is there already instead of writing one."""

    def save_onnx(model: ExportableSCANet, path: Path, *args: object) -> None:
        shutil.copy(run[0], path)

    monkeypatch.setattr(onnx_file, 'save_onnx', save_onnx)


def test_a_file_is_written_checked_and_described(
    run: tuple[Path, list[str]], tiny_config: Path
) -> None:
    path, printed = run
    said = 'On 1 pictures, ONNX Runtime and PyTorch differ in scores of labels by '
    assert printed[-1].startswith(said)
    assert float(printed[-1].removeprefix(said)) < 1e-4
    assert [each.name for each in path.parent.iterdir()] == ['labels.onnx']

    session = onnx_file.open_session(path)
    names = [output.name for output in session.get_outputs()]
    assert names == ['scores', 'object_scores', 'context_scores']
    about = session.get_modelmeta().custom_metadata_map
    about = {name: json.loads(value) for name, value in about.items()}
    assert len(about['classes']) == 11
    assert about['input_size'] == [160, 160]
    assert about['thresholds'] == [0.4] * 11
    assert len(about['mean']) == len(about['std']) == 3
    assert about['config'] == tiny_config.name


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (['--out', 'model.pth'], 'must end in .onnx'),
        (['--shape', 0, 10], '0 is below 1'),
        (['--images', 'missing.jpg'], 'cannot read missing.jpg'),
        (['--opset', 22], 'invalid choice: 22'),
        (
            ['--cfg-options', 'model.test_cfg.rpn.nms.type=soft_nms'],
            'model.test_cfg.rpn.nms has',
        ),
        (
            ['--cfg-options', 'test_dataloader.dataset.pipeline.1.keep_ratio=True'],
            'keeps the ratio',
        ),
    ],
)
def test_what_cannot_be_done_is_refused(
    options: list[object],
    words: str,
    tiny_config: Path,
    checkpoint: Path,
    refused: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    line = refused(EXPORT, tiny_config, checkpoint, '--out', 'model.onnx', *options)
    assert words in line
    assert not list(tmp_path.glob('model.*'))


def test_damaged_thresholds_are_refused(
    tiny_config: Path,
    tiny_checkpoint: Path,
    refused: Callable[..., str],
    tmp_path: Path,
) -> None:
    checkpoint = shutil.copy(tiny_checkpoint, tmp_path / 'tiny.pth')
    sidecar_path(checkpoint).write_text('[')
    out = tmp_path / 'model.onnx'
    line = refused(EXPORT, tiny_config, checkpoint, '--out', out)
    assert 'tiny.thresholds.json' in line


@pytest.mark.parametrize(('difference', 'shown'), [(2e-4, '2.0e-04'), (np.nan, 'nan')])
def test_a_file_that_predicts_otherwise_is_not_left_behind(
    difference: float,
    shown: str,
    tiny_config: Path,
    checkpoint: Path,
    no_export: None,
    refused: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(agreement, 'label_difference', lambda *pair: difference)
    out = tmp_path / 'model.onnx'
    line = refused(EXPORT, tiny_config, checkpoint, '--out', out, '--labels-only')
    assert 'was not written' in line
    assert shown in line
    assert not list(tmp_path.iterdir())


def test_speed_is_told_as_ratios(
    tiny_config: Path,
    checkpoint: Path,
    photo: Path,
    no_export: None,
    run_tool: Callable[..., None],
    capsys: pytest.CaptureFixture,
) -> None:
    run_tool(
        *(BENCHMARK, tiny_config, checkpoint, '--images', photo),
        *('--batch-sizes', 1, 2, '--repeats', 2, '--warmup', 0),
    )
    lines = capsys.readouterr().out.splitlines()
    rows = [line.strip('| ').split(' | ') for line in lines if line.startswith('| ')]
    assert [row[:2] for row in rows[1:]] == [
        *(['labels only', '1'], ['with boxes', '1']),
        *(['labels only', '2'], ['with boxes', '2']),
    ]
    for row in rows[1:]:
        ours, theirs = (float(cell.split()[0]) for cell in row[2:4])
        # Two decimals, of times with one.
        assert float(row[4]) == pytest.approx(ours / theirs, rel=0.1, abs=0.006)


def test_numbers_of_the_benchmark_are_checked(
    tiny_config: Path, refused: Callable[..., str]
) -> None:
    for option in ('--repeats', '--threads', '--batch-sizes'):
        assert option in refused(BENCHMARK, tiny_config, option, 0)
