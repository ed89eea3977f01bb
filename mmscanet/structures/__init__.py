"""What a prediction says, in the terms of its user."""

from .label_evidence import (
    EvidenceBox,
    LabelEvidence,
    Scores,
    label_boxes,
    passing_labels,
)

__all__ = [
    'EvidenceBox',
    'LabelEvidence',
    'Scores',
    'label_boxes',
    'passing_labels',
]
