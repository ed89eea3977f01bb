"""How far an exported model's predictions are from the model's own."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from mmdet.structures import DetDataSample
from torch import Tensor

from mmscanet.models.detectors import SCANet
from mmscanet.models.roi_heads.sca_fusion import PATCH_SCORES

if TYPE_CHECKING:
    import onnxruntime

LABEL_SCORES = ('scores', *PATCH_SCORES)
# Of the ONNX file, and of the model's `pred_instances`.
BOX_FIELDS = {
    'boxes': 'bboxes',
    'context_boxes': 'context_bboxes',
    'box_labels': 'labels',
    'box_scores': 'scores',
    **{f'box_{name}': name for name in PATCH_SCORES},
}

# Of one image, by the names of the ONNX file, without places that are not filled.
Prediction = dict[str, np.ndarray]
Predict = Callable[[np.ndarray], list[Prediction]]


def as_inputs(model: SCANet, images: np.ndarray) -> tuple[Tensor, list[DetDataSample]]:
    """Prepare images for a model as its data preprocessor does.

    Args:
        model: On the CPU.
        images: (B, 3, H, W), uint8, RGB.
    """
    shape = images.shape[2:]
    meta = dict(img_shape=shape, ori_shape=shape, scale_factor=(1.0, 1.0))
    data = model.data_preprocessor(
        dict(
            # mmdet's pipelines load BGR.
            inputs=list(torch.from_numpy(images).flip(1)),
            data_samples=[DetDataSample(metainfo=meta) for _ in images],
        )
    )
    return data['inputs'], data['data_samples']


def torch_predict(model: SCANet) -> Predict:
    """Return a function that predicts with the model itself.

    It takes images (B, 3, H, W), uint8, RGB, and gives boxes in their pixels.
    """

    @torch.no_grad()
    def predict(images: np.ndarray) -> list[Prediction]:
        samples = model.predict(*as_inputs(model, images), rescale=False)
        return [_as_prediction(sample) for sample in samples]

    return predict


def _as_prediction(sample: DetDataSample) -> Prediction:
    found = {name: sample.get(f'pred_{name[:-1]}') for name in LABEL_SCORES}
    instances = sample.pred_instances
    found |= {name: instances.get(field) for name, field in BOX_FIELDS.items()}
    return {name: each.numpy() for name, each in found.items() if each is not None}


def onnx_predict(session: 'onnxruntime.InferenceSession') -> Predict:
    """Return a function that predicts with an ONNX file; see :func:`torch_predict`."""
    names = [output.name for output in session.get_outputs()]

    def predict(images: np.ndarray) -> list[Prediction]:
        outputs = session.run(names, dict(images=images))
        return split_batch(dict(zip(names, outputs, strict=True)))

    return predict


def split_batch(outputs: dict[str, np.ndarray]) -> list[Prediction]:
    """Part the outputs of a batch by image and leave out places without a box."""
    predictions = []
    for i in range(len(outputs['scores'])):
        prediction = {name: output[i] for name, output in outputs.items()}
        if 'box_labels' in prediction:
            filled = prediction['box_labels'] >= 0
            for name in BOX_FIELDS.keys() & prediction.keys():
                prediction[name] = prediction[name][filled]
        predictions.append(prediction)
    return predictions


def label_difference(prediction: Prediction, reference: Prediction) -> float:
    """The largest difference of the labels' scores, of the branches' too; maybe nan."""
    differences = [
        np.abs(prediction[name] - reference[name])
        for name in LABEL_SCORES
        if name in reference
    ]
    return float(np.max(differences))


def box_difference(
    prediction: Prediction, reference: Prediction, shape: tuple[int, int]
) -> float:
    """The Hausdorff distance of the boxes.

    Each box of the one is compared with the most similar box of the other that has the
    same label, by the largest difference of the scores and of the corners, these as
    shares of the image's size. So the order of almost equal scores does not matter, and
    a box that only one of the two has counts as a large difference.

    Args:
        prediction: Of one image.
        reference: Of the same image.
        shape: (H, W) of the image.

    Returns:
        ``inf`` where a label has boxes in one of the two only, or the numbers differ;
        nan where there is one.
    """
    ours, theirs = (_box_vectors(each, shape) for each in (prediction, reference))
    if len(ours) != len(theirs):
        return float('inf')
    if len(ours) == 0:
        return 0.0
    distance = np.abs(ours[:, None] - theirs[None]).max(axis=2)
    same = prediction['box_labels'][:, None] == reference['box_labels'][None]
    distance = np.where(same, distance, np.inf)
    return float(np.max([distance.min(axis=0), distance.min(axis=1)]))


def _box_vectors(prediction: Prediction, shape: tuple[int, int]) -> np.ndarray:
    """Corners as shares of the image's size, and scores, as rows."""
    height, width = shape
    columns = []
    for name in BOX_FIELDS:
        if name == 'box_labels' or name not in prediction:
            continue
        values = prediction[name]
        if values.ndim == 2:
            columns.append(values / [width, height, width, height])
        else:
            columns.append(values[:, None])
    return np.hstack(columns)
