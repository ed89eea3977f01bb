"""What context does: branches compared by label, by size and beside companions."""

from .analysis import ContextAnalysis, analyze_context
from .companions import CompanionFigures, PairFigures
from .comparison import SCORES, Comparison
from .report import format_analysis

__all__ = [
    'SCORES',
    'CompanionFigures',
    'Comparison',
    'ContextAnalysis',
    'PairFigures',
    'analyze_context',
    'format_analysis',
]
