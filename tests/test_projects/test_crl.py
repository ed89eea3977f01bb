"""Images and labels projected into one space."""

import pytest
import torch
from mmdet.structures import DetDataSample

from mmscanet.errors import ConfigError
from projects.crl.crl import CRLHead

TINY_MODEL = """model = dict(
    backbone=dict(base_channels=8),
    head=dict(in_channels=16, embed_channels=8),
)
"""
SIZES = dict(in_channels=5, num_classes=4, embed_channels=6)
CELLS = torch.tensor([[1, 0, -1, 1], [1, 1, 0, 0], [0, 0, 0, 0]], dtype=torch.int8)


@pytest.fixture
def head():
    torch.manual_seed(0)
    head = CRLHead(**SIZES, margin=0.1)
    head.init_weights()
    return head


@pytest.fixture
def feats():
    return torch.zeros(3, 5, 2, 2), torch.randn(3, 5, 3, 4)


def samples(cells):
    result = [DetDataSample() for _ in cells]
    for sample, row in zip(result, cells, strict=True):
        sample.gt_score = row
    return result


def cosine(a, b):
    return (a @ b / (a.norm() * b.norm())).item()


def test_logits_are_the_classifiers_and_the_cosines(head, feats):
    torch.nn.init.normal_(head.fc.weight)
    logits = head(feats)
    for image in range(3):
        pooled = feats[-1][image].flatten(1).mean(1)
        projected = head.project(pooled)
        for label, vector in enumerate(head.labels.weight):
            direct = head.fc.weight[label] @ pooled + head.fc.bias[label]
            expected = direct + 5 * cosine(projected, vector)
            assert torch.isclose(logits[image, label], expected, atol=1e-5)
    apart = [head(tuple(x[i : i + 1] for x in feats)) for i in range(3)]
    assert torch.allclose(logits, torch.cat(apart), atol=1e-6)


def test_losses_are_sums_over_pairs(head, feats):
    near_labels = near_images = 0.0
    pooled = feats[-1].mean((2, 3))
    vectors = head.labels.weight

    def loss(similarity, state):
        if state == 1:
            return (1 - similarity) ** 2
        return max(0, similarity - 0.1) ** 2 if state == 0 else 0

    for image, row in enumerate(CELLS.tolist()):
        for i, state in enumerate(row):
            similarity = cosine(head.project(pooled[image]), vectors[i])
            near_images += loss(similarity, state) / 3
            if state == 1:
                for j, other in enumerate(row):
                    if i != j:
                        near_labels += loss(cosine(vectors[i], vectors[j]), other) / 4
    losses = head.loss(feats, samples(CELLS))
    assert losses['loss_feature'].item() == pytest.approx(near_images, abs=1e-5)
    assert losses['loss_label'].item() == pytest.approx(near_labels, abs=1e-5)
    expected = head.label_loss(head(feats), samples(CELLS))
    assert torch.isclose(losses['loss_cls'], expected)


def test_losses_have_their_weights(head, feats):
    other = CRLHead(**SIZES, margin=0.1, feature_weight=0.5, label_weight=3.0)
    other.load_state_dict(head.state_dict())
    ours, theirs = (each.loss(feats, samples(CELLS)) for each in (head, other))
    assert torch.isclose(theirs['loss_feature'], 0.5 * ours['loss_feature'])
    assert torch.isclose(theirs['loss_label'], 3 * ours['loss_label'])


def test_labels_become_as_similar_as_they_are_often_together():
    head = CRLHead(2, 2, embed_channels=4)
    # Label 0 has label 1 beside it in 2 of 4 images, label 1 has label 0 in 2 of 2.
    cells = torch.tensor([[1, 1], [1, 1], [1, 0], [1, 0]])
    optimizer = torch.optim.Adam(head.labels.parameters(), lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        head.label_label_loss(cells).backward()
        optimizer.step()
    # Of the 6 times that one of the two is present the other is in 4.
    assert head.label_similarity()[0, 1].item() == pytest.approx(4 / 6, abs=0.01)


@pytest.mark.parametrize('value', [-1, 0, 1], ids=['unscored', 'absent', 'present'])
def test_every_parameter_has_a_finite_gradient_whatever_the_labels(head, feats, value):
    losses = head.loss(feats, samples(torch.full_like(CELLS, value)))
    sum(losses.values()).backward()
    for name, param in head.named_parameters():
        assert param.grad is not None and param.grad.isfinite().all(), name
    if value == -1:
        assert all(loss == 0 for loss in losses.values())


def test_all_is_trained_and_classifiers_start_from_the_prior(head, feats):
    sum(head.loss(feats, samples(CELLS)).values()).backward()
    assert all(param.grad.abs().sum() > 0 for param in head.parameters())
    scores = head.fc(feats[-1].mean((2, 3))).sigmoid()
    assert torch.allclose(scores, torch.tensor(0.01), atol=0.003)


def test_wrong_settings_are_named():
    with pytest.raises(ConfigError, match=r'margin must be in \[-1, 1\), not 1'):
        CRLHead(**SIZES, margin=1)
    for name in ('feature_weight', 'label_weight'):
        with pytest.raises(ConfigError, match=f'{name} must be at least 0, not -2'):
            CRLHead(**SIZES, **{name: -2})


def test_trains_measures_and_labels_pictures(write_tiny, train_and_label):
    config = write_tiny('crl', 'projects/crl/configs/crl_r18_shapes.py', TINY_MODEL)
    train_and_label(config)
