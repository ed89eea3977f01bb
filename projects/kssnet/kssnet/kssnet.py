"""A classifier whose backbone sees the labels."""

from functools import partial

from mmdet.registry import MODELS
from torch import Tensor, nn

from mmscanet.errors import ConfigError
from mmscanet.models import MultiLabelClassifier


@MODELS.register_module()
class KSSNet(MultiLabelClassifier):
    """Inject the hidden layers of a :class:`KSSNetHead` into the backbone's stages.

    mmdet's backbones run as a whole. Hooks on the stages that ``out_indices`` names,
    but the last, replace what a stage gives, for the stages after it and for the head.
    A frozen backbone is not trained, and what is injected is: its parameters are the
    head's.

    Args:
        **kwargs: Those of :class:`MultiLabelClassifier`.

    Raises:
        ConfigError: The backbone's stages are not known, or not one more than the
            head's ``hidden_channels``.
    """

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        stages, layers = output_stages(self.backbone), len(self.head.laterals)
        if len(stages) != layers + 1:
            raise ConfigError(
                f'hidden_channels must have {len(stages) - 1} numbers, one for each '
                f'stage in out_indices={tuple(self.backbone.out_indices)} but the '
                f'last, not {layers}'
            )
        for layer, stage in enumerate(stages[:-1]):
            # Unlike a closure it can be pickled, and a deep copy calls the copied head.
            stage.register_forward_hook(partial(self._inject, layer))

    def _inject(
        self, layer: int, stage: nn.Module, inputs: tuple[Tensor, ...], output: Tensor
    ) -> Tensor:
        return self.head.inject(layer, output)


def output_stages(backbone: nn.Module) -> list[nn.Module]:
    """The stages whose outputs an mmdet backbone returns, fine to coarse.

    Raises:
        ConfigError: It is no backbone like ``ResNet`` or ``MobileNetV2``.
    """
    for names in ('res_layers', 'layers'):
        if isinstance(stages := getattr(backbone, names, None), list):
            return [
                backbone.get_submodule(stages[index])
                for index in sorted(backbone.out_indices)
            ]
    raise ConfigError(
        'KSSNet needs a backbone that names its stages, such as ResNet or '
        f'MobileNetV2, not {type(backbone).__name__}'
    )
