"""Many methods on one field: same images, labels, size, budget, metric and seeds."""

from .config_name import ConfigName, find_configs
from .metafile import COMMAND, make_metafiles
from .overlap import Overlap, find_overlaps
from .protocol import EvaluationSplit, Protocol, check_same
from .published import RECORD, Published, load_published, save_published
from .report import draw_plot, format_markdown
from .results import Results, Row
from .run import Run, RunFailed, find_scores

__all__ = [
    'COMMAND',
    'RECORD',
    'ConfigName',
    'EvaluationSplit',
    'Overlap',
    'Protocol',
    'Published',
    'Results',
    'Row',
    'Run',
    'RunFailed',
    'check_same',
    'draw_plot',
    'find_configs',
    'find_overlaps',
    'find_scores',
    'format_markdown',
    'load_published',
    'make_metafiles',
    'save_published',
]
