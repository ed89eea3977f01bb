"""SCANet under autocast, which on a CPU is bfloat16."""

from collections.abc import Callable

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import Tensor, nn

from mmscanet.models import SCANet

IMAGES = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
BOXES, LABELS = [[8, 8, 40, 40], [50, 20, 90, 60]], [0, 2]


@pytest.fixture
def half() -> torch.autocast:
    """Convolutions and matrix products in bfloat16."""
    return torch.autocast('cpu', torch.bfloat16)


def test_a_step_of_training(
    tiny_cfg: ConfigDict,
    build: Callable[[ConfigDict], SCANet],
    make_sample: Callable[..., DetDataSample],
    half: torch.autocast,
) -> None:
    tiny_cfg.roi_head.whole_image = True
    model = build(tiny_cfg)
    computed: list[Tensor] = []
    model.backbone.register_forward_hook(lambda *call: computed.extend(call[-1]))
    with half:
        loss, _ = model.parse_losses(model.loss(IMAGES, [make_sample(BOXES, LABELS)]))
    loss.backward()
    assert {level.dtype for level in computed} == {torch.bfloat16}
    for name, param in model.named_parameters():
        if param.requires_grad:
            assert param.dtype == param.grad.dtype == torch.float32, name
            assert param.grad.isfinite().all(), name


def test_labels_are_nearly_those_of_full_precision(
    tiny_cfg: ConfigDict,
    build: Callable[[ConfigDict], SCANet],
    make_sample: Callable[..., DetDataSample],
    half: torch.autocast,
) -> None:
    tiny_cfg.roi_head.whole_image = True
    model = build(tiny_cfg).eval()
    # Scores that vary: a fresh model's are all near 0.01.
    for head in (model.roi_head.bbox_head, model.roi_head.context_head):
        nn.init.normal_(head.fc_cls.weight, std=0.5)
        nn.init.zeros_(head.fc_cls.bias)
    with torch.no_grad():
        full = model.predict_labels(IMAGES, [make_sample()])
        with half:
            rough = model.predict_labels(IMAGES, [make_sample()])
    assert full.std() > 0.02
    assert rough.dtype == torch.float32
    assert 0 < (rough - full).abs().max() < 0.05


def test_coordinates_of_patches_are_not_rounded(
    tiny_cfg: ConfigDict,
    build: Callable[[ConfigDict], SCANet],
    half: torch.autocast,
) -> None:
    model = build(tiny_cfg).eval()
    read: list[Tensor] = []
    for layer in model.roi_head.bbox_roi_extractor.roi_layers:
        layer.register_forward_pre_hook(lambda layer, args: read.append(args[1]))
    patch = torch.tensor([[0, 257.0, 259.0, 321.0, 333.0]])
    assert not torch.equal(patch.bfloat16().float(), patch)
    with torch.no_grad(), half:
        levels = model.extract_feat(torch.rand(1, 3, 416, 416))
        model.roi_head.bbox_roi_extractor(levels[:4], patch)
    assert torch.equal(torch.cat(read), patch)


def test_patches_that_are_given_need_no_rpn(
    tiny_cfg: ConfigDict,
    build: Callable[[ConfigDict], SCANet],
    make_sample: Callable[..., DetDataSample],
) -> None:
    tiny_cfg.rpn_head = None
    model = build(tiny_cfg).eval()
    sample = make_sample()
    sample.proposals = InstanceData(
        bboxes=torch.tensor(BOXES, dtype=torch.float), scores=torch.ones(2)
    )
    with torch.no_grad():
        assert model.predict_labels(IMAGES, [sample]).isfinite().all()
