"""Class-specific residual attention."""

from .csra_head import CSRAHead

__all__ = ['CSRAHead']
