"""One vector of a feature map."""

from torch import Tensor, nn

from mmscanet.errors import ConfigError

POOLINGS = ('max', 'avg')


class GlobalPooling(nn.Module):
    """Pool a feature map over all of its cells.

    Args:
        pool: ``max`` or ``avg``. What the layers after it learn may differ much
            (``docs/results.md``).

    Raises:
        ConfigError: If ``pool`` is not one of those named.
    """

    def __init__(self, pool: str) -> None:
        super().__init__()
        if pool not in POOLINGS:
            raise ConfigError(f'pool must be one of {POOLINGS}, not {pool!r}')
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        """A vector an image, (B, D), of a feature map (B, D, H, W)."""
        return x.amax((2, 3)) if self.pool == 'max' else x.mean((2, 3))

    def extra_repr(self) -> str:
        """The setting, in the printed model."""
        return self.pool
