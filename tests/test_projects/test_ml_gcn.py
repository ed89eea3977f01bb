"""Classifiers that a graph of labels generates."""

import pytest
import torch

from mmscanet.errors import ConfigError
from projects.ml_gcn.ml_gcn import MLGCNHead

TINY_MODEL = """model = dict(
    backbone=dict(base_channels=8),
    head=dict(in_channels=16, hidden_channels=8),
)
"""
SIZES = dict(in_channels=5, num_classes=4, hidden_channels=6)
# Label 0 has label 1 beside it in 2 of 3 images, label 1 has label 0 in 2 of 6, label
# 2 has label 1 in each; label 3 is alone.
CELLS = torch.zeros(9, 4, dtype=torch.int8)
CELLS[:3, 0] = CELLS[1:7, 1] = CELLS[5:7, 2] = CELLS[7:, 3] = 1


@pytest.fixture
def head():
    torch.manual_seed(0)
    head = MLGCNHead(**SIZES)
    head.init_weights()
    for module in (head.statistics, head.embeddings):
        module.learn_labels(CELLS, ('a', 'b', 'c', 'd'))
    return head


def test_graph_has_the_papers_edges_and_weights(head):
    graph = torch.eye(4)
    # Edges point from 0 and from 2 to 1; a label without neighbours keeps all.
    graph[0, 1] = graph[2, 1] = 0.2
    graph[0, 0] = graph[2, 2] = 0.8
    assert torch.allclose(head.adjacency(), graph)


def test_scores_are_inner_products_with_generated_classifiers(head):
    feats = torch.zeros(2, 5, 2, 2), torch.randn(2, 5, 3, 4)
    first, second = (layer.linear for layer in head.gcn)
    nodes = head.adjacency() @ first(head.embeddings.vectors)
    nodes = torch.where(nodes > 0, nodes, 0.2 * nodes)
    classifiers = head.adjacency() @ second(nodes)
    pooled = feats[-1].flatten(2).max(2).values
    expected = pooled @ classifiers.T + head.bias
    assert torch.allclose(head(feats), expected, atol=1e-6)


def test_before_training_no_label_has_a_neighbour():
    head = MLGCNHead(**SIZES)
    assert torch.equal(head.adjacency(), torch.eye(4))
    assert head((torch.randn(1, 5, 1, 1),)).isfinite().all()


def test_a_label_learns_from_its_neighbour(head):
    """The gradient of one label's classifier reaches its neighbour's vector."""
    head.embeddings.vectors.requires_grad_()
    head.classifiers()[0].sum().backward()
    reached = head.embeddings.vectors.grad.abs().sum(1) > 0
    assert reached.tolist() == [True, True, False, False]


def test_counts_are_in_the_checkpoint(head):
    other = MLGCNHead(**SIZES)
    other.load_state_dict(head.state_dict())
    assert torch.equal(other.classifiers(), head.classifiers())


@pytest.mark.parametrize('settings', [dict(tau=1.1), dict(p=-0.1)])
def test_wrong_settings_are_named(settings):
    (name,) = settings
    with pytest.raises(ConfigError, match=rf'{name} must be in \[0, 1\]'):
        MLGCNHead(**SIZES, **settings)


def test_trains_measures_and_labels_pictures(write_tiny, train_and_label, tmp_path):
    config = write_tiny(
        'ml_gcn', 'projects/ml_gcn/configs/ml_gcn_r18_shapes.py', TINY_MODEL
    )
    train_and_label(config)
    weights = torch.load(tmp_path / 'epoch_2.pth', weights_only=False)['state_dict']
    assert weights['head.statistics.num_images'] > 0
    assert weights['head.embeddings.vectors'].abs().sum() > 0
