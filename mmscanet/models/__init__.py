"""The model: detector, RoI head and losses."""

from .detectors import SCANet
from .losses import PatchLabelLoss
from .roi_heads import (
    ContextExpandRoIExtractor,
    MultiLabelBBoxHead,
    SCAFusion,
    SCARoIHead,
)

__all__ = [
    'ContextExpandRoIExtractor',
    'MultiLabelBBoxHead',
    'PatchLabelLoss',
    'SCAFusion',
    'SCANet',
    'SCARoIHead',
]
