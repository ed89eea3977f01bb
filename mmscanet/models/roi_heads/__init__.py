"""RoI heads and their parts."""

from .context_expand_roi_extractor import ContextExpandRoIExtractor
from .multi_label_bbox_head import MultiLabelBBoxHead
from .sca_fusion import SCAFusion
from .sca_roi_head import SCARoIHead

__all__ = [
    'ContextExpandRoIExtractor',
    'MultiLabelBBoxHead',
    'SCAFusion',
    'SCARoIHead',
]
