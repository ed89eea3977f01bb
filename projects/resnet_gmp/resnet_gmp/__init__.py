"""The plainest peer: pool the last feature map, then one linear layer."""

from .pooled_linear_head import PooledLinearHead

__all__ = ['PooledLinearHead']
