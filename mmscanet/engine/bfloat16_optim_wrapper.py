"""Training in bfloat16, on a GPU and on a CPU."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmdet.registry import OPTIM_WRAPPERS
from mmengine.optim import OptimWrapper
from mmengine.runner import autocast
from torch import nn


@OPTIM_WRAPPERS.register_module()
class Bfloat16OptimWrapper(OptimWrapper):
    """Convolutions and matrix products compute in bfloat16, weights stay float32.

    bfloat16 has the exponents of float32, so that no loss is scaled, which is what
    mmengine's ``AmpOptimWrapper`` needs a GPU for. A CPU without bfloat16 instructions
    (``avx512_bf16``, ``amx_bf16``) computes the same, but slowly.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """What the forward pass of ``model`` runs in."""
        with super().optim_context(model), autocast(dtype=torch.bfloat16):
            yield
