"""``mmscanet zoo`` and what stands behind it."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from mmscanet.__main__ import main
from mmscanet.errors import UsageError
from mmscanet.zoo import find_model, list_models

Publish = Callable[..., Path]


def test_models_have_their_configs() -> None:
    models = list(list_models())
    assert 'scanet_x101_fpn_coco' in {model.name for model in models}
    for model in models:
        assert model.config.is_file()
        assert model.config.stem == model.name


def test_models_are_found_by_name() -> None:
    assert find_model('SCANet_r18_fpn_shapes').name == 'scanet_r18_fpn_shapes'
    with pytest.raises(UsageError, match='did you mean "scanet_r50_fpn_coco"'):
        find_model('scanet_r50_fpn_coc')
    with pytest.raises(UsageError, match='"x" is neither a config file nor'):
        find_model('x')


def test_list_and_info(capsys: pytest.CaptureFixture, repo_root: Path) -> None:
    main(['zoo', 'list'])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(list(list_models()))
    words = ['scanet_x101_fpn_coco', 'config', 'only', 'COCO', '2017']
    assert words in [line.split() for line in lines]
    main(['zoo', 'info', 'scanet_x101_fpn_coco'])
    out = capsys.readouterr().out
    assert f'config: {repo_root}/configs/scanet/scanet_x101_fpn_coco.py' in out
    assert 'weights: none published' in out
    assert 'training data: COCO 2017' in out


def status(*arguments: object) -> int:
    with pytest.raises(SystemExit) as exit_info:
        main(['zoo', *map(str, arguments)])
    return exit_info.value.code


def test_list_and_info_of_a_published_model(
    publish: Publish, tiny_weights: bytes, capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    publish(tiny_weights)
    size = f'{len(tiny_weights) / 1000:.0f}kB'
    main(['zoo', 'list'])
    assert f'tiny  {size}, shipped' in capsys.readouterr().out
    (tmp_path / 'share').write_bytes(tiny_weights)
    publish(tiny_weights, (tmp_path / 'share').as_uri())
    main(['zoo', 'list'])
    tiny, bare = capsys.readouterr().out.splitlines()
    assert f'tiny  {size}, to download' in tiny
    assert bare.split() == ['bare', 'config', 'only']
    main(['zoo', 'download', 'tiny'])
    capsys.readouterr()
    main(['zoo', 'list'])
    assert f'tiny  {size}, in the cache' in capsys.readouterr().out
    main(['zoo', 'info', 'tiny'])
    out = capsys.readouterr().out
    assert f'size: {len(tiny_weights):,} bytes' in out
    assert f'sha256: {sha256(tiny_weights).hexdigest()}' in out
    assert f'file: {tmp_path}/cache/tiny-' in out


def test_download_prints_the_path_last(
    publish: Publish, tiny_weights: bytes, capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    path = publish(tiny_weights)
    main(['zoo', 'download', 'Tiny'])
    assert capsys.readouterr().out == f'{path}\n'
    main(['zoo', 'download', 'tiny', '--dest', str(tmp_path / 'here')])
    copy = Path(capsys.readouterr().out.splitlines()[-1])
    assert copy.parent == tmp_path / 'here'
    assert copy.read_bytes() == tiny_weights
    path.unlink()
    main(['zoo', 'download', 'tiny', '--source', str(copy)])
    cached = capsys.readouterr().out
    assert cached == f'{tmp_path}/cache/{copy.name}\n'
    for name, message in [
        ('bare', 'no checkpoint is published for bare yet'),
        ('tyny', 'did you mean "tiny"'),
    ]:
        assert status('download', name) == 2
        captured = capsys.readouterr()
        assert captured.out == ''
        (line,) = captured.err.splitlines()
        assert line.startswith('error: ')
        assert message in line


def test_verify_gives_a_line_each(
    publish: Publish, tiny_weights: bytes, capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    path = publish(tiny_weights)
    other = tmp_path / 'other.pth'
    other.write_bytes(b'other')
    assert status('verify') == 0
    assert capsys.readouterr().out == f'tiny: ok, {path}\n'
    assert status('verify', path) == 0
    assert capsys.readouterr().out == f'{path}: ok, tiny\n'
    assert status('verify', 'tiny', 'bare', 'tyny', other, tmp_path / 'no.pth') == 1
    lines = capsys.readouterr().out.splitlines()
    for line, (target, words) in zip(
        lines,
        [
            ('tiny', f'ok, {path}'),
            ('bare', 'no checkpoint is published for bare yet'),
            ('tyny', 'did you mean "tiny"'),
            (other, 'no published checkpoint'),
            (tmp_path / 'no.pth', 'there is no such file'),
        ],
        strict=True,
    ):
        assert line.startswith(f'{target}: ')
        assert words in line
    path.write_bytes(tiny_weights[:-1])
    assert status('verify') == 1
    assert 'tiny: ' in capsys.readouterr().out
    path.unlink()
    assert status('verify') == 0
    captured = capsys.readouterr()
    assert captured.out == ''
    assert 'no checkpoint of the zoo is on this machine' in captured.err
