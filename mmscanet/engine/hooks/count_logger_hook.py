"""Keep the counts among the figures of a test run."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from mmdet.registry import HOOKS
from mmengine.hooks import LoggerHook


@HOOKS.register_module()
class CountLoggerHook(LoggerHook):
    """mmengine's logger, but the JSON file of a test run has its counts.

    The message hub makes NumPy's integers of them, which the parent writes as null.
    """

    @staticmethod
    def _process_tags(tags: Mapping[str, Any]) -> dict[str, Any]:
        """Make Python's numbers of NumPy's, and all else as the parent does."""
        numbers = {
            name: value.item() if isinstance(value, np.generic) else value
            for name, value in tags.items()
        }
        return LoggerHook._process_tags(numbers)
