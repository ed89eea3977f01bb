"""``mmscanet zoo`` and what stands behind it."""

from pathlib import Path

import pytest

from mmscanet.__main__ import main
from mmscanet.errors import UsageError
from mmscanet.zoo import find_model, list_models


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
    words = ['scanet_r18_fpn_shapes', 'config', 'only', 'ContextShapes']
    assert words in [line.split() for line in lines]
    main(['zoo', 'info', 'scanet_x101_fpn_coco'])
    out = capsys.readouterr().out
    assert f'config: {repo_root}/configs/scanet/scanet_x101_fpn_coco.py' in out
    assert 'weights: none published' in out
    assert 'training data: COCO 2017' in out
