"""Label predictors whose labels correct each other."""

import pytest
import torch

from mmscanet.models import LabelDependencyBBoxHead, MultiLabelBBoxHead

SMALL = dict(in_channels=4, roi_feat_size=2, fc_out_channels=8, num_classes=3)
PATCHES = torch.rand(5, 4, 2, 2, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def heads():
    """A head without and one with dependencies, of the same weights."""
    plain, head = MultiLabelBBoxHead(**SMALL), LabelDependencyBBoxHead(**SMALL)
    plain.init_weights()
    head.init_weights()
    missing, unknown = head.load_state_dict(plain.state_dict(), strict=False)
    assert (missing, unknown) == (['fc_dependency.weight'], [])
    return plain, head


def test_starts_without_corrections(heads):
    plain, head = heads
    for expected, given in zip(plain(PATCHES), head(PATCHES), strict=True):
        torch.testing.assert_close(given, expected)


def test_a_label_speaks_for_another(heads):
    plain, head = heads
    with torch.no_grad():
        head.fc_dependency.weight[2, 0] = 5.0
    before, after = plain(PATCHES)[0], head(PATCHES)[0]
    torch.testing.assert_close(after[:, :2], before[:, :2])
    torch.testing.assert_close(after[:, 2], before[:, 2] + 5 * before[:, 0].sigmoid())


def test_a_head_that_names_no_label_has_nothing_to_correct():
    head = LabelDependencyBBoxHead(**SMALL, with_cls=False)
    assert head(PATCHES)[0] is None
    assert not hasattr(head, 'fc_dependency'), 'it would never learn'
