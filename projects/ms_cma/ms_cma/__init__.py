"""Attention of label embeddings over the cells of several feature maps."""

from .cross_modality_attention import CrossModalityAttention
from .ms_cma_head import MSCMAHead
from .similarity_embeddings import SimilarityEmbeddings

__all__ = ['CrossModalityAttention', 'MSCMAHead', 'SimilarityEmbeddings']
