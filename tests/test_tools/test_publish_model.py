"""The command that publishes a checkpoint, and what is then done with its file."""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from mmscanet.apis import SCANetInferencer
from mmscanet.comparison import load_published
from mmscanet.evaluation import ScoreTable, compute_figures

TOOL = 'misc/publish_model'


@pytest.fixture
def published(
    tiny_config: Path,
    tiny_checkpoint: Path,
    tmp_path: Path,
    run_tool: Callable[..., None],
) -> Path:
    """Publish the tiny checkpoint; return the file."""
    folder = tmp_path / 'checkpoints'
    run_tool(TOOL, tiny_config, tiny_checkpoint, '--out-dir', folder)
    (path,) = folder.iterdir()
    return path


def test_name_and_lines_tell_the_digest(
    published: Path,
    tiny_config: Path,
    tiny_checkpoint: Path,
    run_tool: Callable[..., None],
    capsys: pytest.CaptureFixture,
) -> None:
    content = published.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    assert published.name == f'tiny-{sha256[:8]}.pth'
    assert len(content) < 0.7 * tiny_checkpoint.stat().st_size
    capsys.readouterr()
    run_tool(TOOL, tiny_config, tiny_checkpoint, '--out-dir', published.parent)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [str(published), f'{len(content)} bytes', f'sha256 {sha256}']
    assert [*published.parent.iterdir()] == [published]


def test_inferencer_scores_as_before(published: Path, tiny_checkpoint: Path) -> None:
    """The published file needs no config beside it."""
    image = np.random.default_rng(0).integers(0, 255, (160, 160, 3), dtype=np.uint8)
    scores = []
    for weights in (tiny_checkpoint, published):
        inferencer = SCANetInferencer(
            weights=weights, device='cpu', show_progress=False
        )
        result = inferencer(image, return_datasamples=True)
        scores.append(result['data_samples'][0].pred_score)
        assert inferencer.classes[0] == 'ball'
    before, after = scores
    assert before.std() > 0.05
    # Half precision has 11 bits.
    assert not torch.equal(before, after)
    assert after == pytest.approx(before, abs=5e-3)


def test_record_has_the_figures_of_the_score_files(
    published: Path,
    tiny_config: Path,
    tiny_checkpoint: Path,
    tmp_path: Path,
    run_tool: Callable[..., None],
    load_tool: Callable[[str], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = [tmp_path / 'full.npz', tmp_path / 'half.npz']
    for checkpoint, out in zip((tiny_checkpoint, published), files, strict=True):
        run_tool('test', tiny_config, checkpoint, '--work-dir', tmp_path, '--out', out)
    tool = load_tool(TOOL)
    monkeypatch.setattr(tool, 'ROOT', tmp_path)
    argv = [TOOL, tiny_config, tiny_checkpoint, '--out-dir', published.parent]
    argv += ['--record', *files, '--data', '4 pictures', '--command', 'train it']
    monkeypatch.setattr(sys, 'argv', [str(word) for word in argv])
    tool.main()
    record = tmp_path / 'checkpoints/published.json'
    entry = load_published(record)['tiny']
    content = published.read_bytes()
    assert entry.weights == f'checkpoints/{published.name}'
    assert entry.sha256 == hashlib.sha256(content).hexdigest()
    assert (entry.size, entry.dtype) == (len(content), 'float16')
    full, half = (compute_figures(ScoreTable.load(path)) for path in files)
    assert entry.mAP_before == pytest.approx(full['mAP'], abs=1e-4)
    for name in ('mAP', 'CF1', 'OF1'):
        assert entry.metrics[name] == pytest.approx(half[name], abs=1e-4)
    assert (entry.data, entry.command) == ('4 pictures', 'train it')

    monkeypatch.setattr(sys, 'argv', [*sys.argv, '--url', 'https://example.org/a.pth'])
    tool.main()
    assert load_published(record)['tiny'].weights == 'https://example.org/a.pth'

    sys.argv[sys.argv.index('--record') + 1] = '-'
    tool.main()
    entry = load_published(record)['tiny']
    assert entry.mAP_before is None
    assert entry.metrics['mAP'] == pytest.approx(half['mAP'], abs=1e-4)


def test_mistakes_are_told_before_anything_is_written(
    tiny_config: Path,
    tiny_checkpoint: Path,
    tmp_path: Path,
    refused: Callable[..., str],
) -> None:
    out = tmp_path / 'out'
    publish = (TOOL, tiny_config, tiny_checkpoint, '--out-dir', out)
    scores = tmp_path / 'scores.npz'
    scores.write_bytes(b'none')
    record = (*publish, '--record', scores, scores, '--data', 'x')
    assert '--record needs --command' in refused(*record)
    assert 'choose another --out-dir' in refused(*record, '--command', 'x')
    place = ('--data', 'x', '--command', 'x', '--url', 'https://example.org/a.pth')
    assert 'of the published' in refused(*publish, '--record', '-', '-', *place)
    whole = (*record, '--command', 'x', '--url', 'https://example.org/a.pth')
    assert 'scores.npz cannot be read' in refused(*whole)
    line = refused(TOOL, tiny_config, tmp_path / 'none.pth', '--out-dir', out)
    assert 'none.pth does not exist' in line
    assert not out.exists()
