"""Context patches, by hand."""

import pytest
import torch
from mmdet.models.roi_heads.roi_extractors import SingleRoIExtractor

from mmscanet.models import ContextExpandRoIExtractor

COMMON = dict(
    roi_layer=dict(type='RoIAlign', output_size=7, sampling_ratio=2),
    out_channels=3,
    featmap_strides=[4, 8],
)
# Two images of a batch: 100 high and 200 wide, and 60 by 80.
SHAPES = [(100, 200), (60, 80)]


def expand(rois, **kwargs):
    extractor = ContextExpandRoIExtractor(**COMMON, **kwargs)
    return extractor.expand(torch.tensor(rois, dtype=torch.float), SHAPES).tolist()


def test_widened_about_the_centre():
    # 20 x 10 about (50, 45) times 1.5 is 30 x 15.
    assert expand([[0, 40, 40, 60, 50]]) == [[0, 35, 37.5, 65, 52.5]]
    assert expand([[0, 40, 40, 60, 50]], expand_ratio=2.0) == [[0, 30, 35, 70, 55]]


def test_clipped_to_its_own_image():
    rois = [[0, 0, 0, 200, 100], [1, 60, 40, 80, 60]]
    assert expand(rois) == [[0, 0, 0, 200, 100], [1, 55, 35, 80, 60]]


def test_whole_image():
    rois = [[1, 1, 2, 3, 4], [0, 1, 2, 3, 4]]
    assert expand(rois, whole_image=True) == [[1, 0, 0, 80, 60], [0, 0, 0, 200, 100]]


def test_small_patches_expand_more():
    # A side of 24 is a quarter of 96: 1.5 + (3 - 1.5) * 3/4 = 2.625, 63 pixels.
    kwargs = dict(small_expand_ratio=3.0, reference_size=96)
    ((_, x1, _, x2, _),) = expand([[0, 88, 38, 112, 62]], **kwargs)
    assert (x1, x2) == (100 - 31.5, 100 + 31.5)
    # From 96 on the ratio is the ordinary one.
    wide = [[0, 50, 0, 150, 100]]
    assert expand(wide, **kwargs) == expand(wide)


def test_features_are_those_of_the_expanded_box():
    torch.manual_seed(0)
    feats = (torch.randn(2, 3, 25, 50), torch.randn(2, 3, 13, 25))
    rois = torch.tensor([[0, 40, 40, 60, 50], [1, 8, 8, 30, 44.0]])
    context = ContextExpandRoIExtractor(**COMMON)
    plain = SingleRoIExtractor(**COMMON)
    expected = plain(feats, context.expand(rois, SHAPES))
    assert torch.equal(context(feats, rois, SHAPES), expected)
    assert not torch.allclose(plain(feats, rois), expected)


def test_without_shapes_the_feature_map_is_the_limit():
    feats = (torch.randn(1, 3, 8, 8), torch.randn(1, 3, 4, 4))
    rois = torch.tensor([[0, 0, 0, 30, 30.0]])
    context = ContextExpandRoIExtractor(**COMMON)
    assert torch.equal(context(feats, rois), context(feats, rois, [(32, 32)]))


def test_no_rois():
    feats = (torch.randn(1, 3, 8, 8), torch.randn(1, 3, 4, 4))
    assert ContextExpandRoIExtractor(**COMMON)(feats, torch.zeros(0, 5)).shape == (
        0, 3, 7, 7,
    )  # fmt: skip


@pytest.mark.parametrize(
    ('name', 'value'),
    [('expand_ratio', 0.9), ('small_expand_ratio', 0.9), ('reference_size', 0)],
)
def test_a_ratio_below_one_is_an_error(name, value):
    with pytest.raises(ValueError, match=name):
        ContextExpandRoIExtractor(**COMMON, **{name: value})
