"""A map of the image for each label, from classifiers that a label graph makes."""

import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample

from mmscanet.errors import ConfigError
from mmscanet.models.layers import GlobalPooling
from projects.wsl_gcn.wsl_gcn import WSLGCNHead

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
    head = WSLGCNHead(**SIZES)
    head.init_weights()
    for module in (head.statistics, head.embeddings):
        module.learn_labels(CELLS, ('a', 'b', 'c', 'd'))
    return head


@pytest.fixture
def model(head):
    """A model whose maps are the channels of the feature map."""
    model = MODELS.build(
        dict(
            type='WSLGCN',
            backbone=dict(type='ResNet', depth=18, base_channels=4),
            head=dict(type='WSLGCNHead', **SIZES),
        )
    ).eval()
    model.extract_feat = lambda images: (images[:, :, ::16, ::16],)
    model.head.maps = lambda feats: feats[-1]
    return model


def sample(**meta):
    return DetDataSample(metainfo=meta)


@pytest.mark.parametrize('pool', ['avg', 'max'])
def test_maps_are_scores_of_cells_and_the_image_has_what_is_pooled(head, pool):
    assert head.pool.pool == 'avg'
    head.pool = GlobalPooling(pool)
    torch.nn.init.normal_(head.offsets)
    feats = torch.zeros(2, 5, 2, 2), torch.randn(2, 5, 3, 4)
    graph = torch.eye(4)
    graph[0, 1] = graph[2, 1] = 0.2
    graph[0, 0] = graph[2, 2] = 0.8
    first, second = (layer.linear for layer in head.gcn)
    nodes = graph @ first(head.embeddings() + head.offsets)
    classifiers = graph @ second(torch.where(nodes > 0, nodes, 0.2 * nodes))
    maps, logits = head.maps(feats), head(feats)
    assert maps.shape == (2, 4, 3, 4)
    for b in range(2):
        for c in range(4):
            scores = [
                classifiers[c] @ feats[-1][b, :, i, j] + head.bias
                for i in range(3)
                for j in range(4)
            ]
            expected = torch.stack(scores)
            assert torch.allclose(maps[b, c].flatten(), expected, atol=1e-5)
            pooled = expected.mean() if pool == 'avg' else max(scores)
            assert torch.isclose(logits[b, c], pooled, atol=1e-5)
    apart = [head(tuple(x[i : i + 1] for x in feats)) for i in range(2)]
    assert torch.allclose(logits, torch.cat(apart), atol=1e-6)


def test_vectors_are_trained_and_a_resumed_run_keeps_them(head):
    feats = (torch.randn(2, 5, 3, 3),)
    head(feats).sum().backward()
    assert head.offsets.grad.abs().sum() > 0
    assert all(param.grad.isfinite().all() for param in head.parameters())
    torch.nn.init.normal_(head.offsets)
    other = WSLGCNHead(**SIZES)
    other.load_state_dict(head.state_dict())
    for module in (other.statistics, other.embeddings):
        module.learn_labels(CELLS, ('a', 'b', 'c', 'd'))
    assert torch.equal(other(feats), head(feats))


def test_points_are_the_centres_of_the_best_cells(model):
    images = torch.zeros(2, 3, 64, 96)
    images[0, 0, 16, 80] = 1  # row 1, column 5 of cells of 16 pixels
    images[0, 1, 48, 0] = 1
    images[1, 0, 0, 32] = 1
    images[1, 0, 32, 16] = 1  # as high, but in a later row
    images[1, 1, 16, 32] = 1
    images[1, 1, 16, 48] = 1  # as high, but in a later column
    samples = [
        sample(img_shape=(64, 96), scale_factor=(2.0, 0.5)),
        sample(img_shape=(64, 96), scale_factor=(1.0, 1.0)),
    ]
    points = model.localise(images, samples, rescale=False)
    first, second = points.tolist()
    assert first == [[88, 24], [8, 56], [8, 8]]  # the third label is alike everywhere
    assert second == [[40, 8], [40, 24], [8, 8]]
    rescaled = model.localise(images, samples)
    assert rescaled[0].tolist() == [[44, 48], [4, 112], [4, 16]]
    assert torch.equal(rescaled[1], points[1])
    apart = [model.localise(images[i : i + 1], samples[i : i + 1]) for i in range(2)]
    assert torch.equal(rescaled, torch.cat(apart))


def test_points_are_inside_the_image_and_not_in_its_padding(model):
    images = torch.zeros(1, 3, 64, 96)
    images[0, 0, 0, 48] = 1  # column 3, which begins where the image ends
    images[0, 0, 16, 32] = 0.5
    images[0, 1, 32, 32] = 1  # row 2, of which the image has 4 pixels
    points = model.localise(images, [sample(img_shape=(36, 48))])
    assert points[0, :2].tolist() == [[40, 24], [40, 36]]


def test_points_are_where_the_score_is_read():
    model = MODELS.build(
        dict(
            type='WSLGCN',
            backbone=dict(type='ResNet', depth=18, base_channels=4),
            head=dict(type='WSLGCNHead', in_channels=32, num_classes=4, pool='max'),
        )
    ).eval()
    images = torch.rand(1, 3, 64, 96)
    points = model.localise(images, [sample(img_shape=(64, 96))])[0]
    maps = model.head.maps(model.extract_feat(images))[0]
    scores = model.predict_labels(images)[0]
    assert maps.shape == (4, 2, 3)
    for label, (x, y) in enumerate(points.tolist()):
        cell = maps[label, int(y // 32), int(x // 32)]
        assert torch.equal(cell.sigmoid(), scores[label])


@pytest.mark.parametrize('settings', [dict(tau=1.1), dict(p=-0.1)])
def test_wrong_settings_are_named(settings):
    (name,) = settings
    with pytest.raises(ConfigError, match=rf'{name} must be in \[0, 1\]'):
        WSLGCNHead(**SIZES, **settings)


def test_trains_measures_and_labels_pictures(write_tiny, train_and_label, tmp_path):
    config = write_tiny(
        'wsl_gcn', 'projects/wsl_gcn/configs/wsl_gcn_r18_shapes.py', TINY_MODEL
    )
    train_and_label(config)
    weights = torch.load(tmp_path / 'epoch_2.pth', weights_only=False)['state_dict']
    assert weights['head.statistics.num_images'] > 0
    assert weights['head.offsets'].abs().sum() > 0
