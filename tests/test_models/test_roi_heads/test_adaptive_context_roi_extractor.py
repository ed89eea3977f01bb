"""Context patches whose width the patch chooses."""

import pytest
import torch

from mmscanet.errors import ConfigError
from mmscanet.models import AdaptiveContextRoIExtractor, ContextExpandRoIExtractor

COMMON = dict(
    roi_layer=dict(type='RoIAlign', output_size=2, sampling_ratio=2),
    out_channels=3,
    featmap_strides=[4],
)
TWO = dict(expand_ratio=2.0, other_ratios=(1.0,))
SHAPES = [(64, 64)]
ROIS = torch.tensor([[0.0, 20, 20, 36, 36], [0.0, 8, 30, 20, 50]])


@pytest.fixture
def feats():
    return (torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)),)


def read(feats, ratio):
    return ContextExpandRoIExtractor(**COMMON, expand_ratio=ratio)(feats, ROIS, SHAPES)


def test_at_first_all_ratios_weigh_the_same(feats):
    extractor = AdaptiveContextRoIExtractor(**COMMON, **TWO)
    expected = (read(feats, 1.0) + read(feats, 2.0)) / 2
    torch.testing.assert_close(extractor(feats, ROIS, SHAPES), expected)


def test_each_patch_takes_the_reading_that_is_judged_best(feats):
    extractor = AdaptiveContextRoIExtractor(**COMMON, **TWO)
    readings = torch.stack([read(feats, 2.0), read(feats, 1.0)])
    # Judged by the mean of the first channel alone, and sharply.
    with torch.no_grad():
        extractor.judge.weight.copy_(torch.tensor([[1e6, 0.0, 0.0]]))
    best = readings[:, :, 0].mean((2, 3)).argmax(0)
    assert sorted(best.tolist()) == [0, 1], 'the case does not tell the patches apart'
    expected = readings[best, torch.arange(2)]
    torch.testing.assert_close(extractor(feats, ROIS, SHAPES), expected)


def test_the_judge_learns(feats):
    extractor = AdaptiveContextRoIExtractor(**COMMON)
    extractor(feats, ROIS, SHAPES).square().sum().backward()
    assert extractor.judge.weight.grad.abs().sum() > 0


def test_the_evidence_is_the_widest_patch():
    extractor = AdaptiveContextRoIExtractor(**COMMON, other_ratios=(3.0, 1.0))
    widest = ContextExpandRoIExtractor(**COMMON, expand_ratio=3.0)
    torch.testing.assert_close(
        extractor.expand(ROIS, SHAPES), widest.expand(ROIS, SHAPES)
    )


def test_no_patches(feats):
    extractor = AdaptiveContextRoIExtractor(**COMMON)
    assert extractor(feats, ROIS[:0], SHAPES).shape == (0, 3, 2, 2)


@pytest.mark.parametrize(
    ('ratios', 'message'), [((), 'nothing to choose'), ((0.5, 2.0), 'at least 1')]
)
def test_ratios_out_of_range_are_refused(ratios, message):
    with pytest.raises(ConfigError, match=message):
        AdaptiveContextRoIExtractor(**COMMON, other_ratios=ratios)
