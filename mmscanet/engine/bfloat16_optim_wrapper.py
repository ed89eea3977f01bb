"""Training in bfloat16, on a GPU and on a CPU."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmdet.registry import OPTIM_WRAPPERS
from mmengine.logging import print_log
from mmengine.optim import OptimWrapper
from mmengine.runner import autocast
from torch import nn

# As torch names them, for x86 and for ARM.
_CPU_INSTRUCTIONS = ('avx512_bf16', 'amx_bf16', 'bf16', 'sve_bf16')


@OPTIM_WRAPPERS.register_module()
class Bfloat16OptimWrapper(OptimWrapper):
    """Convolutions and matrix products compute in bfloat16, weights stay float32.

    bfloat16 has the exponents of float32, so that no loss is scaled, which is what
    mmengine's ``AmpOptimWrapper`` needs a GPU for. A CPU without bfloat16 instructions
    (``avx512_bf16``, ``amx_bf16``) computes the same, but so slowly that there is a
    warning.

    Args:
        **kwargs: Those of mmengine's ``OptimWrapper``.
    """

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        weight = self.optimizer.param_groups[0]['params'][0]
        if weight.device.type == 'cpu' and not cpu_has_bfloat16():
            print_log(
                'bfloat16: this CPU has no instructions for it, which makes training '
                'many times slower than in float32; leave it (--amp) out',
                logger='current',
                level=logging.WARNING,
            )

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """What the forward pass of ``model`` runs in."""
        with super().optim_context(model), autocast(dtype=torch.bfloat16):
            yield


def cpu_has_bfloat16() -> bool:
    """Tell whether the CPU computes in bfloat16 and need not emulate it."""
    found = torch.cpu.get_capabilities()
    return any(found.get(name) for name in _CPU_INSTRUCTIONS)
