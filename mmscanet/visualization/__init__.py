"""Pictures of the evidence for the labels of an image."""

from .contact_sheet import ContactSheet
from .evidence_visualizer import EvidenceVisualizer

__all__ = ['ContactSheet', 'EvidenceVisualizer']
