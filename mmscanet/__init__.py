"""mmscanet: multi-label image classification that shows its evidence.

Importing the package registers its models, data sets, transforms, metrics, hooks
and visualizer in MMDetection's registries (scope ``mmdet``), so that a config only
needs ``custom_imports = dict(imports=['mmscanet'], allow_failed_imports=False)``.

Raises:
    ImportError: If OpenMMLab's packages are missing or do not fit, or mmcv lacks its
        compiled operators; the message names the commands that mend it.
"""

import contextlib
import importlib
import io
import warnings

from .env import add_projects, require_stack

# Before anything that imports mmcv: its own errors would not say what to do.
require_stack()
add_projects()
# mmdet prints, on stdout, and warns that it goes without packages that nothing here
# needs.
with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
    warnings.simplefilter('ignore')
    importlib.import_module('mmdet.datasets')
    importlib.import_module('mmdet.evaluation')

from . import (  # noqa: E402
    datasets,
    engine,
    evaluation,
    models,
    registry,
    visualization,
)
from .version import __version__  # noqa: E402

__all__ = [
    '__version__',
    'datasets',
    'engine',
    'evaluation',
    'models',
    'registry',
    'visualization',
]
