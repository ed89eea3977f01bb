"""Predictions as plain data."""

import json

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from mmscanet.apis import to_prediction


def make_sample() -> DetDataSample:
    """Labels a, b, c; b has two boxes that pass, and a only a weak one."""
    sample = DetDataSample(metainfo=dict(ori_shape=(60, 80)))
    sample.pred_score = torch.tensor([0.3, 0.8, 0.2])
    sample.pred_object_score = torch.tensor([0.1, 0.7, 0.2])
    sample.pred_context_score = torch.tensor([0.5, 0.9, 0.2])
    sample.pred_instances = InstanceData(
        bboxes=torch.tensor([[1.0, 2, 3, 4], [5, 6, 7, 8], [0, 0, 9, 9], [1, 1, 2, 2]]),
        context_bboxes=torch.tensor([[0.0, 1, 4.123456, 5]] * 4),
        labels=torch.tensor([1, 1, 1, 0]),
        scores=torch.tensor([0.8, 0.6, 0.4, 0.25]),
        object_scores=torch.tensor([0.7, 0.5, 0.3, 0.1]),
        context_scores=torch.tensor([0.9, 0.7, 0.5, 0.4]),
    )
    return sample


def test_labels_that_pass_with_their_boxes() -> None:
    prediction = to_prediction(make_sample(), np.array([0.3, 0.5, 0.5]), 'abc', 'x.jpg')
    assert prediction == json.loads(json.dumps(prediction))
    assert {k: prediction[k] for k in ('image', 'width', 'height')} == dict(
        image='x.jpg', width=80, height=60
    )
    b, a = prediction['labels']
    assert b == dict(
        label='b',
        score=0.8,
        threshold=0.5,
        object_score=0.7,
        context_score=0.9,
        scene_score=None,
        context_only=False,
        boxes=[
            dict(
                box=[1, 2, 3, 4],
                context_box=[0, 1, 4.12, 5],
                score=0.8,
                object_score=0.7,
                context_score=0.9,
            ),
            dict(
                box=[5, 6, 7, 8],
                context_box=[0, 1, 4.12, 5],
                score=0.6,
                object_score=0.5,
                context_score=0.7,
            ),
        ],
    )
    # 0.3 in float32 is a little above 0.3, so it passes; its box alone would not.
    assert (a['label'], a['context_only']) == ('a', True)
    assert [box['score'] for box in a['boxes']] == [0.25]


def test_branches_and_boxes_may_be_missing() -> None:
    sample = DetDataSample(metainfo=dict(ori_shape=(60, 80)))
    sample.pred_score = torch.tensor([0.3, 0.8])
    (label,) = to_prediction(sample, np.full(2, 0.5), 'ab')['labels']
    assert label == dict(
        label='b',
        score=0.8,
        threshold=0.5,
        object_score=None,
        context_score=None,
        scene_score=None,
        context_only=False,
        boxes=[],
    )
