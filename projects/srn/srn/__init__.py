"""Spatial regularisation of labels by their attention maps."""

from .spatial_regularization import SpatialRegularization
from .srn_head import SRNHead

__all__ = ['SRNHead', 'SpatialRegularization']
