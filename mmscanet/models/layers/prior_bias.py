"""The bias from which scores start at a probability."""

from mmengine.model import bias_init_with_prob

from mmscanet.errors import ConfigError


def prior_bias(prior: float) -> float:
    """The logit of a probability.

    Raises:
        ConfigError: If ``prior`` is not between 0 and 1, or is one of them.
    """
    if not isinstance(prior, (int, float)) or not 0 < prior < 1:
        raise ConfigError(f'prior must be between 0 and 1, not {prior!r}')
    return float(bias_init_with_prob(prior))
