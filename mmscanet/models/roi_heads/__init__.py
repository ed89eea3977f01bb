"""RoI heads and their parts."""

from .adaptive_context_roi_extractor import AdaptiveContextRoIExtractor
from .context_expand_roi_extractor import ContextExpandRoIExtractor
from .label_dependency_bbox_head import LabelDependencyBBoxHead
from .multi_label_bbox_head import MultiLabelBBoxHead
from .sca_fusion import SCAFusion
from .sca_roi_head import SCARoIHead

__all__ = [
    'AdaptiveContextRoIExtractor',
    'ContextExpandRoIExtractor',
    'LabelDependencyBBoxHead',
    'MultiLabelBBoxHead',
    'SCAFusion',
    'SCARoIHead',
]
