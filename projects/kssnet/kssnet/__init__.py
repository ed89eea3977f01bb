"""A superimposed label graph, injected into the backbone."""

from .knowledge_graph import KnowledgeGraph
from .kssnet import KSSNet
from .kssnet_head import KSSNetHead
from .lateral_connection import LateralConnection

__all__ = ['KSSNet', 'KSSNetHead', 'KnowledgeGraph', 'LateralConnection']
