"""Attention of label embeddings over the cells of several feature maps."""

import pytest
import torch
from mmdet.structures import DetDataSample

from mmscanet.errors import ConfigError
from projects.ms_cma.ms_cma import (
    CrossModalityAttention,
    MSCMAHead,
    SimilarityEmbeddings,
)
from projects.ms_cma.ms_cma.similarity_embeddings import similarity_loss

TINY_MODEL = """model = dict(
    backbone=dict(base_channels=8),
    head=dict(in_channels=16, lower_channels=(8,), embed_channels=12),
)
"""
SIZES = dict(in_channels=6, num_classes=4, lower_channels=(5,), embed_channels=8)
# Label 0 has label 1 beside it in 2 of 3 images, label 1 has label 0 in 2 of 6, label
# 2 has label 1 in each; label 3 is alone.
CELLS = torch.zeros(9, 4, dtype=torch.int8)
CELLS[:3, 0] = CELLS[1:7, 1] = CELLS[5:7, 2] = CELLS[7:, 3] = 1
CLASSES = ('a', 'b', 'c', 'd')


@pytest.fixture
def head():
    torch.manual_seed(0)
    head = MSCMAHead(**SIZES)
    head.init_weights()
    head.embeddings.learn_labels(CELLS, CLASSES)
    for classify in head.classifiers:
        torch.nn.init.normal_(classify.weight)
    return head.eval()


@pytest.fixture
def feats():
    levels = (7, 4, 4), (5, 4, 3), (6, 2, 3)
    return tuple(torch.randn(2, *shape) for shape in levels)


def similarity(vectors):
    vectors = vectors / vectors.norm(dim=1, keepdim=True)
    return vectors @ vectors.T


def test_vectors_are_as_similar_as_labels_are_often_together():
    embeddings = SimilarityEmbeddings(4, 8, alpha=0.0)
    assert embeddings().tolist() == [[0] * 8] * 4
    embeddings.learn_labels(CELLS, CLASSES)
    expected = torch.eye(4)
    expected[0, 1] = expected[1, 0] = (2 / 3 + 2 / 6) / 2
    expected[1, 2] = expected[2, 1] = (2 / 6 + 1) / 2
    assert torch.allclose(similarity(embeddings()), expected, atol=0.01)
    assert torch.allclose(embeddings().norm(dim=1), torch.ones(4))


def test_loss_is_the_papers_sum_over_pairs():
    vectors, adjacency, alpha = torch.randn(5, 3), torch.rand(5, 5), 0.3
    similar, expected, left_out = similarity(vectors), 0.0, 0
    for i, j in ((i, j) for i in range(5) for j in range(5) if i != j):
        if adjacency[i, j] < alpha and similar[i, j] < alpha:
            left_out += 1
        else:
            expected += (similar[i, j] - adjacency[i, j]) ** 2
    assert left_out > 0
    loss = similarity_loss(vectors, adjacency, alpha)
    assert torch.isclose(loss, torch.as_tensor(expected))


def test_the_same_labels_give_the_same_vectors_whatever_was_drawn_before():
    first, second = SimilarityEmbeddings(4, 8), SimilarityEmbeddings(4, 8)
    state = torch.get_rng_state()
    first.learn_labels(CELLS, CLASSES)
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(3)
    with torch.no_grad():
        second.load_state_dict(first.state_dict())
    second.learn_labels(CELLS, CLASSES)
    assert torch.equal(first(), second())


def test_attention_is_the_papers_over_cells():
    attend = CrossModalityAttention(5, 3).eval()
    x, labels = torch.randn(2, 5, 3, 4), torch.randn(6, 3)
    projected, output = attend.project(x), attend(x, labels)
    for b in range(2):
        for c, label in enumerate(labels):
            total, expected = 0.0, torch.zeros(5)
            for i, j in ((i, j) for i in range(3) for j in range(4)):
                cell = projected[b, :, i, j]
                cosine = cell @ label / (cell.norm() * label.norm())
                weight = cosine.clamp(min=0) + 1e-4
                total += weight
                expected += weight * x[b, :, i, j]
            assert torch.allclose(output[b, c], expected / total, atol=1e-5)


def test_a_label_that_no_cell_resembles_has_the_average():
    attend = CrossModalityAttention(5, 3).eval()
    x = torch.randn(1, 5, 1, 1).expand(1, 5, 2, 2) + torch.zeros(1, 5, 2, 2)
    opposite = -attend.project(x)[0, :, 0, 0]
    x.requires_grad_()
    output = attend(x, torch.stack([opposite, torch.zeros(3)]))
    assert torch.allclose(output, x.mean((2, 3))[:, None].expand(1, 2, 5), atol=1e-6)
    output.sum().backward()
    assert x.grad.isfinite().all()


def test_logits_are_the_mean_over_levels(head, feats):
    expected = torch.zeros(2, 4)
    for attend, classify, x in zip(
        head.attention, head.classifiers, feats[1:], strict=True
    ):
        vectors = attend(x, head.embeddings())
        for b in range(2):
            for c in range(4):
                logit = classify.weight[c] @ vectors[b, c] + classify.bias[c]
                expected[b, c] += logit / 2
    assert torch.allclose(head(feats), expected, atol=1e-5)
    apart = [head(tuple(x[i : i + 1] for x in feats)) for i in range(2)]
    assert torch.allclose(head(feats), torch.cat(apart), atol=1e-6)


@pytest.mark.parametrize('learnt', [True, False])
def test_every_parameter_is_trained_and_scores_start_from_the_prior(feats, learnt):
    head = MSCMAHead(**SIZES)
    head.init_weights()
    if learnt:
        head.embeddings.learn_labels(CELLS, CLASSES)
    assert torch.allclose(head.predict(feats), torch.tensor(0.01), atol=0.003)
    samples = [DetDataSample(), DetDataSample()]
    samples[0].gt_score = torch.tensor([1, 0, -1, 1], dtype=torch.int8)
    samples[1].gt_score = torch.zeros(4, dtype=torch.int8)
    head.loss(feats, samples)['loss_cls'].backward()
    for name, param in head.named_parameters():
        assert param.grad is not None and param.grad.isfinite().all(), name
        assert not learnt or param.grad.abs().sum() > 0, name


def test_vectors_are_in_the_checkpoint(head, feats):
    other = MSCMAHead(**SIZES).eval()
    other.load_state_dict(head.state_dict())
    assert torch.equal(other(feats), head(feats))


def test_wrong_settings_are_named(head, feats):
    with pytest.raises(ConfigError, match=r'alpha must be in \[0, 1\], not 1.2'):
        MSCMAHead(**SIZES, alpha=1.2)
    with pytest.raises(ConfigError, match=r'are \(5, 6\), but .* have \(7, 5\)'):
        head(feats[:2])
    with pytest.raises(ConfigError, match=r'are \(5, 6\), but .* have \(6,\)'):
        head(feats[2:])


def test_trains_measures_and_labels_pictures(write_tiny, train_and_label, tmp_path):
    config = write_tiny(
        'ms_cma', 'projects/ms_cma/configs/ms_cma_r18_shapes.py', TINY_MODEL
    )
    train_and_label(config)
    weights = torch.load(tmp_path / 'epoch_2.pth', weights_only=False)['state_dict']
    norms = weights['head.embeddings.vectors'].norm(dim=1)
    assert torch.allclose(norms, torch.ones_like(norms), atol=1e-5)
