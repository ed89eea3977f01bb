"""Carries configs, tools and the model index along with the package.

OpenMMLab finds the configs of an installed package in its folder ``.mim``
(``_base_ = 'mmscanet::scanet/...'``, ``mim train mmscanet ...``). They live at the
top of the repository; a wheel gets copies of them, an editable installation links.
Everything else about the package stands in pyproject.toml.
"""

import os
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
TRAVELLERS = ('configs', 'tools', 'model-index.yml')


class BuildWithMim(build_py):
    """``build_py`` that also fills ``mmscanet/.mim``."""

    def run(self) -> None:
        """Build the package, then its ``.mim``, anew each time."""
        super().run()
        base = ROOT if self.editable_mode else Path(self.build_lib)
        mim = base / 'mmscanet' / '.mim'
        if mim.exists():
            shutil.rmtree(mim)
        mim.mkdir(parents=True)
        for name in TRAVELLERS:
            if self.editable_mode:
                _link(ROOT / name, mim / name)
            else:
                _copy(ROOT / name, mim / name)


def _copy(source: Path, target: Path) -> None:
    """Copy a file or a folder, compiled Python left out."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns('__pycache__'))
    else:
        shutil.copy2(source, target)


def _link(source: Path, target: Path) -> None:
    """Link to a file or a folder; copy it where the system allows no links."""
    try:
        target.symlink_to(os.path.relpath(source, target.parent))
    except OSError:
        _copy(source, target)


setup(cmdclass={'build_py': BuildWithMim})
