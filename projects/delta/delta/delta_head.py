"""The image as a whole and its best windows."""

from mmdet.registry import MODELS

from mmscanet.models import WindowHead


@MODELS.register_module()
class DELTAHead(WindowHead):
    """The head of DELTA, as a peer of its own; see :class:`WindowHead`."""
