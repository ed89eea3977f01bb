"""SCANet without PyTorch: prediction as an ONNX graph of standard operators.

Nothing here needs the packages of ``requirements/deployment.txt`` before a model is
really exported or an ONNX file is run.
"""

from .exportable_scanet import ExportableSCANet
from .support import check_exportable

__all__ = ['ExportableSCANet', 'check_exportable']
