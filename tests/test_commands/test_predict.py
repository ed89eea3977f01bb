"""``mmscanet predict`` as people call it."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mmscanet.apis import SCANetInferencer
from mmscanet.commands import predict as predict_command
from mmscanet.lock import only_process

Command = Callable[..., int]


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_folder_becomes_lines_pictures_and_a_sheet(
    predict: Command, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out, pictures = tmp_path / 'new/out.jsonl', tmp_path / 'pictures'
    status = predict(
        *(folder, '--out', out, '--threshold', 0.3, '--batch-size', 2),
        *('--pictures', pictures, '--contact-sheet'),
    )
    assert status == 0
    lines = read(out)
    names = ['a.png', 'b.png', 'sub/c.png']
    assert [x['image'] for x in lines] == [str(folder / name) for name in names]
    assert all(x['threshold'] == 0.3 <= x['score'] for y in lines for x in y['labels'])
    assert any(line['labels'] for line in lines)
    written = sorted(str(x.relative_to(pictures)) for x in pictures.rglob('*.jpg'))
    assert written == [
        *('a.png.jpg', 'b.png.jpg', 'contact_sheet_001.jpg', 'sub/c.png.jpg')
    ]
    assert '3 pictures labelled, 0 skipped, 0 done before' in capsys.readouterr().err


def test_stopped_run_goes_on_without_doing_a_picture_twice(
    predict: Command,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    out, whole = tmp_path / 'out.jsonl', tmp_path / 'whole.jsonl'
    assert predict(folder, '--out', whole, '--threshold', 0.3) == 0

    labelled = []
    stream = SCANetInferencer.stream

    def stop_after_one(self, *args):
        for each in stream(self, *args):
            labelled.append(each.source.name)
            yield each
            if len(labelled) == 1:
                raise KeyboardInterrupt

    monkeypatch.setattr(SCANetInferencer, 'stream', stop_after_one)
    command = (folder, '--out', out, '--threshold', 0.3)
    assert predict(*command) == 130
    assert '--resume goes on' in capsys.readouterr().err
    assert predict(*command) == 2
    assert f'{out} exists: --resume' in capsys.readouterr().err
    assert predict(*command, '--resume') == 0
    assert labelled == ['a.png', 'b.png', 'sub/c.png']
    assert out.read_bytes() == whole.read_bytes()
    assert '2 pictures labelled, 0 skipped, 1 done before' in capsys.readouterr().err


def test_ctrl_c_without_a_file_promises_nothing(
    predict: Command,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    def stop(self, *args):
        raise KeyboardInterrupt

    monkeypatch.setattr(SCANetInferencer, 'stream', stop)
    assert predict(folder) == 130
    assert '--resume' not in capsys.readouterr().err


def test_skipped_pictures_are_counted_and_change_the_status(
    predict: Command, folder: Path, capsys: pytest.CaptureFixture
) -> None:
    (folder / 'aa.png').write_text('no picture')
    assert predict(folder, folder / 'a.png', '--threshold', 0.3) == 1
    captured = capsys.readouterr()
    assert f'skipped {folder / "aa.png"}: ' in captured.err
    assert '3 pictures labelled, 1 skipped' in captured.err
    printed = captured.out.splitlines()
    assert [line.split(': ')[0] for line in printed] == [
        str(folder / name) for name in ('a.png', 'b.png', 'sub/c.png')
    ]


def test_a_server_that_says_nothing_is_not_waited_for(
    predict: Command,
    silent_server: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    monkeypatch.setattr(predict_command, 'PATIENCE', 0.3)
    assert predict(f'{silent_server}/a.png') == 1
    assert socket.getdefaulttimeout() == 0.3
    told = f'skipped {silent_server}/a.png: timed out'
    assert told in capsys.readouterr().err


def test_failed_start_leaves_results_alone(
    predict: Command, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / 'out.csv'
    assert predict(folder, '--out', out) == 0
    before = out.read_bytes()
    bad = folder / 'thresholds.json'
    bad.write_text('{}')
    overwrite = (folder, '--out', out, '--overwrite')
    assert predict(*overwrite, '--threshold', bad) == 2
    assert predict(*overwrite, '--model', 'no-such-model') == 2
    assert predict(folder / 'none', '--out', out, '--overwrite') == 2
    foreign = tmp_path / 'copies'
    foreign.mkdir()
    (foreign / 'a.png.jpg').write_bytes(b'a picture of somebody')
    assert predict(*overwrite, '--pictures', foreign) == 2
    assert out.read_bytes() == before
    assert len(capsys.readouterr().err.strip().splitlines()) == 5


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (('--resume',), '--resume and --overwrite need a file'),
        (('--contact-sheet',), 'needs --pictures'),
        (('--batch-size', 0), '--batch-size must be at least 1, not 0'),
        (('--threshold', 1.5), '1.5 is not in [0, 1]'),
        (('--threshold', 'none.json'), 'no thresholds file none.json'),
        (('--threshold', 'fitted'), 'tools/fit_thresholds.py'),
        (('--out', 'x.txt'), 'must end in .jsonl or .csv'),
        (('--out', ''), '--out: the name is empty'),
        (('--pictures', ''), '--pictures: the name is empty'),
        (('--cfg-options', 'a=1'), 'name the config to change'),
        (('--model', 'scanet_r18_fpn_shapes', '--cfg-options', 'modl.a=1'), 'modl'),
    ],
)
def test_mistakes_end_in_one_line(
    options: tuple,
    message: str,
    predict: Command,
    folder: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    assert predict(folder, *options) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert message in line


def test_config_can_be_changed(
    predict: Command, folder: Path, tiny_config: Path, tmp_path: Path
) -> None:
    out = tmp_path / 'out.jsonl'
    command = (folder, '--out', out, '--threshold', 0.3, '--model', tiny_config)
    assert predict(*command) == 0
    before = read(out)
    option = 'model.roi_head.fusion.fuse=max'
    assert predict(*command, '--overwrite', '--cfg-options', option) == 0
    after = read(out)
    best = [
        np.maximum(x['object_score'], x['context_score'])
        for line in after
        for x in line['labels']
    ]
    assert best == [x['score'] for line in after for x in line['labels']]
    assert before != after


def test_runs_do_not_mix_in_a_file(
    predict: Command,
    folder: Path,
    tiny_config: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    command = (folder, '--out', tmp_path / 'out.csv')
    assert predict(*command) == 0
    before = (tmp_path / 'out.csv').read_bytes()
    assert predict(*command, '--resume', '--threshold', 0.9) == 2
    assert 'out.csv was made with other thresholds: ' in capsys.readouterr().err
    assert predict(*command, '--resume', '--tta') == 2
    assert 'out.csv was made with other config: ' in capsys.readouterr().err
    options = ('--model', tiny_config, '--cfg-options')
    option = 'model.roi_head.fusion.fuse=max'
    assert predict(*command, '--resume', *options, option) == 2
    assert 'out.csv was made with other config: ' in capsys.readouterr().err
    assert (tmp_path / 'out.csv').read_bytes() == before
    assert predict(*command, '--overwrite', '--threshold', 0.9) == 0
    assert predict(*command, '--resume', '--threshold', 0.9) == 0


def test_runs_do_not_write_to_a_file_at_once(
    predict: Command, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / 'out.jsonl'
    assert predict(folder, '--out', out) == 0
    before = out.read_bytes()
    capsys.readouterr()
    for again in ('--resume', '--overwrite'):
        with only_process(out):
            assert predict(folder, '--out', out, again) == 2
        assert 'another run is writing' in capsys.readouterr().err
    assert out.read_bytes() == before
    assert predict(folder, '--out', out, '--resume') == 0
    assert {each.name for each in tmp_path.iterdir()} == {
        *('in', 'out.jsonl', 'out.jsonl.settings.json')
    }


def test_pictures_can_be_added_to_results(
    predict: Command, folder: Path, tmp_path: Path
) -> None:
    out, pictures = tmp_path / 'out.jsonl', tmp_path / 'pictures'
    assert predict(folder, '--out', out) == 0
    before = out.read_bytes()
    assert predict(folder, '--out', out, '--resume', '--pictures', pictures) == 0
    assert len(list(pictures.rglob('*.jpg'))) == 3
    assert out.read_bytes() == before


def test_results_of_unknown_settings_are_not_gone_on_with(
    predict: Command, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / 'out.jsonl'
    assert predict(folder, '--out', out) == 0
    (tmp_path / 'out.jsonl.settings.json').unlink()
    assert predict(folder, '--out', out, '--resume') == 2
    assert 'settings.json, which says what' in capsys.readouterr().err


def test_config_in_the_checkpoint_is_that_of_the_file(
    predict: Command, folder: Path, tiny_config: Path, tmp_path: Path
) -> None:
    command = (folder, '--out', tmp_path / 'out.jsonl', '--resume')
    assert predict(*command) == 0
    assert predict(*command, '--model', tiny_config) == 0


def test_names_that_are_not_text(
    predict: Command, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    name = os.fsdecode(b'a \xff.png')
    (folder / 'a.png').rename(folder / name)
    (folder / os.fsdecode(b'\xfe.png')).touch()  # cannot be read
    command = (folder, '--out', tmp_path / 'out.jsonl', '--resume')
    pictures = ('--pictures', tmp_path / 'p', '--contact-sheet')
    assert predict(*command, *pictures) == 1
    assert read(tmp_path / 'out.jsonl')[0]['image'] == str(folder / name)
    assert (tmp_path / 'p' / f'{name}.jpg').is_file()
    assert predict(*command) == 1
    assert '0 pictures labelled, 1 skipped, 3 done before' in capsys.readouterr().err
    assert predict(folder / name) == 0
    assert capsys.readouterr().out.startswith(f'{folder}/a \ufffd.png: ')
