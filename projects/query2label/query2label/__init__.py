"""Labels as queries of a Transformer decoder."""

from .query2label_head import Query2LabelHead

__all__ = ['Query2LabelHead']
