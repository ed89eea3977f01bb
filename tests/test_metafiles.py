"""The metafiles of the model zoo are as the configs and results say."""

import functools
import hashlib
from collections import Counter
from pathlib import Path

import mmengine.config.utils
import pytest
import torch
import yaml
from mmengine.config import Config

from mmscanet.comparison import COMMAND, RECORD, load_published, make_metafiles
from mmscanet.zoo import list_models
from mmscanet.zoo.verify import verify_model

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope='module')
def made() -> dict[str, str]:
    """Make all metafiles; mmengine reads those of mmdet once, not for each base."""
    patch = pytest.MonkeyPatch()
    load = functools.cache(mmengine.config.utils.load)
    patch.setattr(mmengine.config.utils, 'load', load)
    yield make_metafiles(ROOT)
    patch.undo()


def test_files_are_up_to_date(made):
    found = {path for path in made if (ROOT / path).is_file()}
    assert found == set(made), f'run {COMMAND}'
    for path, text in made.items():
        assert (ROOT / path).read_text() == text, f'{path}: run {COMMAND}'


def test_no_metafile_is_left_over(made):
    for pattern in ('configs/*/metafile.yml', 'projects/*/metafile.yml'):
        for path in ROOT.glob(pattern):
            assert path.relative_to(ROOT).as_posix() in made


def test_names_are_unique_and_of_configs():
    models = list(list_models())
    assert max(Counter(model.name.lower() for model in models).values()) == 1
    configs = {*(ROOT / 'configs/scanet').glob('*.py')}
    configs |= {*ROOT.glob('projects/*/configs/*.py')}
    assert {model.config for model in models} == configs


def test_all_collections_but_the_baseline_name_a_paper(made):
    collections = [
        collection
        for path, text in made.items()
        for collection in yaml.safe_load(text).get('Collections', ())
    ]
    without = [each['Name'] for each in collections if 'Paper' not in each]
    assert without == ['ResNet with global pooling']
    for each in collections:
        assert (ROOT / each['README']).is_file()
        assert (ROOT / each['Code']['URL']).exists()


def test_published_files_are_what_the_record_says():
    published = load_published(ROOT / RECORD)
    assert published
    for name, entry in published.items():
        if '://' in entry.weights:
            continue
        content = (ROOT / entry.weights).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry.sha256, name
        assert len(content) == entry.size, name
        assert verify_model(name) == ROOT / entry.weights


def test_published_files_predict_as_their_configs_say():
    """A file's own config is what `predict --weights FILE` reads."""
    for name, entry in load_published(ROOT / RECORD).items():
        if '://' in entry.weights:
            continue
        meta = torch.load(ROOT / entry.weights, weights_only=True)['meta']
        own = Config.fromstring(meta['cfg'], '.py').model.test_cfg
        (path,) = ROOT.glob(f'*/*/{name}.py')
        assert own == Config.fromfile(path).model.test_cfg, name
