"""What a wheel and an editable installation of mmscanet carry and resolve."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from mmengine.config import Config

import mmscanet

# What tests need of the repository to build it elsewhere.
SOURCES = (
    *('mmscanet', 'configs', 'tools', 'requirements'),
    *('requirements.txt', 'pyproject.toml', 'setup.py', 'MANIFEST.in'),
    *('model-index.yml', 'LICENSE', 'README.md'),
)

# Uses a base config as a project outside mmscanet does. mmengine marks what came from
# the base with the scope `mmscanet`, which must lead to mmdet's registries.
BASE_CONFIG_PROBE = """
import mmscanet
from mmengine.config import Config
from mmengine.registry import METRICS, MODELS, init_default_scope

cfg = Config.fromfile('probe.py')
init_default_scope(cfg.default_scope)
metric = cfg.val_evaluator
metric = metric[0] if isinstance(metric, list) else metric
print(metric._scope_)
print(type(METRICS.build(metric)).__name__)
print(type(MODELS.build(cfg.model)).__name__)
print(mmscanet.__file__)
"""


@pytest.fixture(scope='module')
def source(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Path:
    """Copy the sources, so that nothing is built in the repository."""
    target = tmp_path_factory.mktemp('source')
    ignore = shutil.ignore_patterns('__pycache__', '.mim', 'build', '*.egg-info')
    for name in SOURCES:
        path = repo_root / name
        if path.is_dir():
            shutil.copytree(path, target / name, ignore=ignore)
        elif path.exists():
            shutil.copy(path, target / name)
    return target


def run_backend(source: Path, call: str) -> None:
    """Call setuptools as pip does, without isolation."""
    code = f'from setuptools import build_meta; build_meta.{call}'
    result = subprocess.run(
        [sys.executable, '-c', code], cwd=source, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr[-2000:]


def unpack(wheel: Path, target: Path) -> Path:
    """Unpack a wheel as an installation does; return the folder."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def assert_base_config_builds(installed: Path, work_dir: Path) -> None:
    """Use a config of an installation as a base from another folder."""
    work_dir.mkdir()
    (work_dir / 'probe.py').write_text(
        "_base_ = ['mmscanet::scanet/scanet_mobilenetv2_fpn_voc07.py']\n"
        'model = dict(backbone=dict(init_cfg=None))\n'
    )
    result = subprocess.run(
        [sys.executable, '-c', BASE_CONFIG_PROBE],
        cwd=work_dir,
        env={**os.environ, 'PYTHONPATH': str(installed)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    *names, file = result.stdout.splitlines()[-4:]
    assert names == ['mmscanet', 'MultiLabelMetric', 'SCANet']
    assert Path(file) == installed / 'mmscanet/__init__.py'
    assert 'WARNING' not in result.stdout + result.stderr


def test_wheel_by_way_of_sdist(source: Path, tmp_path: Path) -> None:
    """A wheel built from the source archive carries configs and tools."""
    run_backend(source, f'build_sdist({str(tmp_path)!r})')
    (archive,) = tmp_path.glob('mmscanet-*.tar.gz')
    shutil.unpack_archive(archive, tmp_path / 'sdist')
    (unpacked,) = (tmp_path / 'sdist').iterdir()
    run_backend(unpacked, f'build_wheel({str(tmp_path)!r})')
    (wheel,) = tmp_path.glob('mmscanet-*.whl')
    installed = unpack(wheel, tmp_path / 'installed')

    def files(folder: Path) -> set[str]:
        return {
            str(path.relative_to(folder))
            for path in folder.rglob('*')
            if path.is_file()
        }

    mim = installed / 'mmscanet/.mim'
    for name in ('configs', 'tools'):
        assert files(mim / name) == files(source / name) != set()
    # mmengine opens each of these.
    for metafile in yaml.safe_load((mim / 'model-index.yml').read_text())['Import']:
        assert (mim / metafile).is_file()
    assert not (installed / 'configs').exists()
    (entry_points,) = installed.glob('mmscanet-*.dist-info/entry_points.txt')
    assert 'mmscanet = mmscanet.__main__:main' in entry_points.read_text()
    # The command line finds its tools there.
    done = subprocess.run(
        [sys.executable, '-m', 'mmscanet', 'train', '--help'],
        cwd=installed,
        capture_output=True,
        text=True,
    )
    assert 'usage: train.py' in done.stdout, done.stderr
    assert_base_config_builds(installed, tmp_path / 'elsewhere')


def test_editable(source: Path, tmp_path: Path) -> None:
    """An editable installation links to what is edited, again and again."""
    for _ in range(2):
        run_backend(source, f'build_editable({str(tmp_path)!r})')
    mim = source / 'mmscanet/.mim'
    for name in ('configs', 'tools', 'model-index.yml'):
        assert (mim / name).is_symlink()
        assert (mim / name).samefile(source / name)
    assert_base_config_builds(source, tmp_path / 'elsewhere')


def test_scope_finds_what_mmdet_registered() -> None:
    for name, key in (
        ('MODELS', 'SCANet'),
        ('MODELS', 'FasterRCNN'),
        ('METRICS', 'MultiLabelMetric'),
        ('TRANSFORMS', 'PackMultiLabelInputs'),
        ('DATASETS', 'MultiLabelCocoDataset'),
        ('HOOKS', 'StagedTrainingHook'),
        ('HOOKS', 'CheckpointHook'),
    ):
        registry = mmscanet.registry.REGISTRIES[name]
        assert registry.scope == 'mmscanet'
        assert registry.get(key) is registry.parent.get(key) is not None


def test_metafiles_name_existing_configs(repo_root: Path) -> None:
    index = yaml.safe_load((repo_root / 'model-index.yml').read_text())
    assert index['Import']
    for metafile in index['Import']:
        models = yaml.safe_load((repo_root / metafile).read_text()).get('Models') or []
        for model in models:
            Config.fromfile(repo_root / model['Config'])


def test_ci_runs_the_commands_of_the_readme(repo_root: Path) -> None:
    script = (repo_root / '.ci/run').read_text().replace('--quiet ', '')
    readme = (repo_root / 'README.md').read_text()
    for command in (mmscanet.env.BUILD_COMMAND, mmscanet.env.STACK_COMMAND):
        assert f'\nstep {command}\n' in script
        assert command in readme
    assert script.endswith('\nstep pytest\n')


def test_the_citation_is_of_this_version(repo_root: Path) -> None:
    citation = yaml.safe_load((repo_root / 'CITATION.cff').read_text())
    assert str(citation['version']) == mmscanet.__version__
