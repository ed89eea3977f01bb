"""The data set class that makes ContextShapes on first use."""

from dataclasses import fields
from typing import Any

from mmdet.registry import DATASETS

from mmscanet.errors import ConfigError

from ..coco import MultiLabelCocoDataset
from .generator import ContextShapesSpec, ensure
from .scene import CLASSES, CONTEXT_CLASSES


@DATASETS.register_module()
class ContextShapesDataset(MultiLabelCocoDataset):
    """ContextShapes, written to ``data_root`` when it is not there yet.

    Args:
        spec: Arguments of :class:`ContextShapesSpec` that differ from its defaults.
        **kwargs: As for ``MultiLabelCocoDataset``; ``data_root`` is needed.

    Raises:
        UnreadableDataError: ``data_root`` holds something else, or is damaged.
        OutputError: ``data_root`` cannot be written.
        ConfigError: ``data_root`` is not given, or ``spec`` is not usable.
    """

    METAINFO = dict(
        classes=CLASSES,
        context_classes=CONTEXT_CLASSES,
        palette=[
            *[(255, 120, 0), (255, 190, 0), (255, 255, 0)],
            *[(0, 120, 255), (0, 190, 255), (0, 255, 255)],
            *[(200, 130, 50), (60, 120, 180), (190, 60, 70)],
            *[(220, 210, 60), (70, 190, 90)],
        ],
    )
    #: The labels that only the surroundings of an object tell.
    CONTEXT_CLASSES = CONTEXT_CLASSES

    def __init__(
        self, *args: Any, spec: dict[str, int] | None = None, **kwargs: Any
    ) -> None:
        spec = spec or {}
        known = {field.name for field in fields(ContextShapesSpec)}
        if unknown := ', '.join(sorted(spec.keys() - known)):
            raise ConfigError(
                f'ContextShapes: spec has {", ".join(sorted(known))}, not {unknown}'
            )
        self.spec = ContextShapesSpec(**spec)
        super().__init__(*args, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Make the data set if need be, then read it."""
        if not self.data_root:
            raise ConfigError(
                'ContextShapesDataset: set data_root, a folder to write to'
            )
        ensure(self.data_root, self.spec)
        return super().load_data_list()
