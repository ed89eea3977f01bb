"""Images and labels projected into one space."""

from .crl_head import CRLHead

__all__ = ['CRLHead']
