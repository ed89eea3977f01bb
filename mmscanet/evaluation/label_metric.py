"""What metrics of image labels have in common."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.evaluator import BaseMetric

from mmscanet.errors import ConfigError

from .thresholds import LabelThresholds, Threshold, read_threshold


class LabelMetric(BaseMetric):
    """A metric with thresholds, which must be of the labels of the data set.

    Args:
        thr: The lowest score that counts as a prediction, or the path of a file with
            one for each label, see :class:`LabelThresholds`.
        collect_device, prefix, collect_dir: See ``BaseMetric``.

    Raises:
        UsageError: See :func:`read_threshold`.
    """

    def __init__(
        self,
        thr: Threshold,
        collect_device: str,
        prefix: str | None,
        collect_dir: str | None,
    ) -> None:
        super().__init__(collect_device, prefix, collect_dir)
        self.thr = read_threshold(thr)

    @BaseMetric.dataset_meta.setter
    def dataset_meta(self, dataset_meta: Mapping[str, Any] | None) -> None:
        """Keep what a loop says of its data set, before the first image.

        Raises:
            UsageError: The thresholds are of other labels than the data set.
        """
        self._dataset_meta = dataset_meta
        if isinstance(self.thr, LabelThresholds):
            self.thr.check_classes(self.classes)

    @property
    def classes(self) -> Sequence[str]:
        """Names of the C labels, from the data set.

        Raises:
            ConfigError: It has none.
        """
        classes = (self.dataset_meta or {}).get('classes')
        if classes is None:
            raise ConfigError(
                f"{type(self).__name__} needs the data set's class names: set "
                "metainfo=dict(classes=...) on it, or the metric's dataset_meta"
            )
        return classes
