"""A superimposed label graph, injected into the backbone."""

import copy
import pickle

import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from torch.nn import functional as F

from mmscanet.engine.hooks.staged_training_hook import freeze
from mmscanet.errors import ConfigError, MissingDataError, UnreadableDataError
from projects.kssnet.kssnet import KnowledgeGraph, KSSNetHead, LateralConnection

TINY_MODEL = """model = dict(
    backbone=dict(base_channels=8),
    head=dict(in_channels=16, hidden_channels=(8,)),
)
"""
CLASSES = ('cat', 'dining table', 'dog', 'tvmonitor')
# Label 0 has label 1 beside it in 2 of 3 images, label 1 has label 0 in 2 of 6, label
# 2 has label 1 in each; label 3 is alone.
CELLS = torch.zeros(9, 4, dtype=torch.int8)
CELLS[:3, 0] = CELLS[1:7, 1] = CELLS[5:7, 2] = CELLS[7:, 3] = 1
IMAGES = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
RESNET = dict(type='ResNet', depth=18, base_channels=4, norm_eval=True)
MOBILENET = dict(type='MobileNetV2', widen_factor=0.25, out_indices=(2, 4, 7))


def build(backbone=RESNET, hidden=(4, 8, 16), channels=32, **options):
    """A model that has seen the labels, with connections that do something."""
    head = dict(type='KSSNetHead', in_channels=channels, num_classes=4)
    model = MODELS.build(
        dict(
            type='KSSNet',
            backbone=backbone,
            head=dict(head, hidden_channels=hidden, **options),
        )
    )
    model.init_weights()
    learn(model)
    for lateral in model.head.laterals:
        torch.nn.init.normal_(lateral.project.weight, std=0.5)
    return model.eval()


def learn(model):
    for name in ('statistics', 'embeddings', 'knowledge'):
        if module := getattr(getattr(model, 'head', model), name):
            module.learn_labels(CELLS, CLASSES)


def losses(model):
    samples = [DetDataSample(), DetDataSample()]
    samples[0].gt_score = torch.tensor([1, 0, -1, 1], dtype=torch.int8)
    samples[1].gt_score = torch.zeros(4, dtype=torch.int8)
    return model.loss(IMAGES, samples)['loss_cls']


@pytest.fixture
def file(tmp_path):
    path = tmp_path / 'relations.tsv'
    path.write_text(
        'cat\tdog\t2\nDog\tcat\t1\ndining_table\tchair\t9\n\ncat\tcat\t5\n'
        'tvmonitor\tdining  table\t0.5\n'
    )
    return path


def test_graph_is_the_sum_of_both(file):
    head = KSSNetHead(8, 4, (6,), tau=0.5, lam=0.3, eta=0.4, knowledge=str(file))
    learn(head)
    edges = torch.zeros(4, 4)
    edges[0, 1] += 0.3  # P(1 | 0) is 2/3; 1 has none of 0.5 and more
    edges[2, 1] += 0.3
    edges[0, 2] += 0.7
    edges[2, 0] += 0.7
    edges[1, 3] += 0.7
    edges[3, 1] += 0.7
    expected = 0.4 * edges / edges.sum(1, keepdim=True) + 0.6 * torch.eye(4)
    assert torch.allclose(head.adjacency(), expected)


def test_without_a_file_similar_labels_are_related():
    head = KSSNetHead(8, 4, (6,), tau=1.0, lam=0.0, eta=0.5)
    assert torch.equal(head.adjacency(), torch.eye(4))
    learn(head)
    vectors = head.embeddings()
    for i in range(4):
        similar = [
            max(0, float(vectors[i] @ vectors[j] / (vectors[i].norm() * x.norm())))
            if i != j
            else 0.0
            for j, x in enumerate(vectors)
        ]
        total = sum(similar)
        if total > 0:
            row = [0.5 * each / total for each in similar]
            row[i] = 0.5
            assert torch.allclose(head.adjacency()[i], torch.tensor(row), atol=1e-6)


def test_relations_of_a_file_hold_both_ways_and_add_up(file):
    graph = KnowledgeGraph(4, str(file))
    graph.learn_labels(CELLS, CLASSES)
    expected = torch.zeros(4, 4)
    expected[0, 2] = expected[2, 0] = 3
    expected[1, 3] = expected[3, 1] = 0.5
    assert torch.equal(graph(), expected)
    other = KnowledgeGraph(4, 'nowhere')
    other.load_state_dict(graph.state_dict())
    assert torch.equal(other(), expected)


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        ('cat dog 1', 'line 1: needs two names and a weight'),
        ('cat\tdog\tnan', 'line 1: .* not .*nan'),
        ('cat\tdog\t1e39', 'line 1: .* not .*1e39'),
        ('cat\tdog\t-1', 'line 1: needs two names and a weight of at least 0'),
        ('cat\tchair\t1', 'relates no two of the labels'),
    ],
)
def test_what_is_wrong_with_a_file_is_said(file, line, message):
    file.write_text(f'{line}\n')
    with pytest.raises(UnreadableDataError, match=message):
        KnowledgeGraph(4, str(file)).learn_labels(CELLS, CLASSES)
    with pytest.raises(MissingDataError, match='nowhere'):
        KnowledgeGraph(4, 'nowhere').learn_labels(CELLS, CLASSES)


def test_each_cell_takes_up_the_vectors_it_resembles():
    lateral = LateralConnection(4)
    x, labels = torch.randn(2, 4, 3, 2), torch.randn(5, 4)
    assert torch.equal(lateral(x, labels), x)
    torch.nn.init.normal_(lateral.project.weight)
    torch.nn.init.normal_(lateral.project.bias)
    weight, output = lateral.project.weight[:, :, 0, 0], lateral(x, labels)
    for b, i, j in ((b, i, j) for b in range(2) for i in range(3) for j in range(2)):
        cell = x[b, :, i, j]
        factors = [torch.exp(cell @ label / 2) for label in labels]  # 2 is sqrt(4)
        mean = sum(f * h for f, h in zip(factors, labels, strict=True)) / sum(factors)
        expected = cell + weight @ mean + lateral.project.bias
        assert torch.allclose(output[b, :, i, j], expected, atol=1e-5)


def test_vectors_of_another_length_are_taken_to_the_cells_first():
    lateral, plain = LateralConnection(4, label_channels=7), LateralConnection(4)
    plain.project = lateral.project
    torch.nn.init.normal_(lateral.project.weight)
    x, labels = torch.randn(2, 4, 3, 2), torch.randn(5, 7)
    expected = plain(x, labels @ lateral.embed.weight.T)
    assert torch.allclose(lateral(x, labels), expected, atol=1e-6)


@pytest.mark.parametrize(
    ('backbone', 'hidden', 'channels', 'stages'),
    [
        (RESNET, (4, 8, 16), 32, None),
        (MOBILENET, (8, 24), 1280, None),
        (MOBILENET, (20, 30), 1280, (8, 24)),
    ],
    ids=['resnet', 'mobilenet', 'wide graph'],
)
def test_later_stages_see_what_is_injected(backbone, hidden, channels, stages):
    model = build(backbone, hidden, channels, stage_channels=stages)
    plain = MODELS.build(backbone)
    plain.eval()
    plain.load_state_dict(model.backbone.state_dict())
    names = getattr(plain, 'res_layers', None) or plain.layers
    # Go through the plain backbone stage by stage.
    x, expected = IMAGES, []
    stem = (
        [plain.conv1, plain.norm1, plain.relu, plain.maxpool]
        if hasattr(plain, 'res_layers')
        else [plain.conv1]
    )
    for module in stem:
        x = module(x)
    for index, name in enumerate(names):
        x = getattr(plain, name)(x)
        if index in plain.out_indices:
            if len(expected) < len(hidden):
                layer = len(expected)
                vectors = model.head.label_vectors()[layer]
                x = model.head.laterals[layer](x, vectors)
            expected.append(x)
    feats = model.extract_feat(IMAGES)
    assert len(feats) == len(expected)
    for ours, theirs in zip(feats, expected, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-5)
    assert not torch.allclose(feats[-1], plain(IMAGES)[-1], atol=1e-4)
    for lateral in model.head.laterals:
        torch.nn.init.zeros_(lateral.project.weight)
    for ours, theirs in zip(model.extract_feat(IMAGES), plain(IMAGES), strict=True):
        assert torch.equal(ours, theirs)


def test_scores_are_inner_products_with_generated_classifiers():
    model = build()
    pooled = model.extract_feat(IMAGES)[-1].flatten(2).max(2).values
    nodes = model.head.embeddings()
    for layer in model.head.gcn:
        if layer is not model.head.gcn[0]:
            nodes = F.leaky_relu(nodes, 0.2)
        nodes = model.head.adjacency() @ layer.linear(nodes)
    expected = (pooled @ nodes.T + model.head.bias).sigmoid()
    together = model.predict_labels(IMAGES)
    assert torch.allclose(together, expected, atol=1e-5)
    apart = torch.cat([model.predict_labels(IMAGES[i : i + 1]) for i in range(2)])
    assert torch.allclose(together, apart, atol=1e-5)


def test_all_of_a_fresh_model_is_trained():
    model = build()
    for lateral in model.head.laterals:
        torch.nn.init.zeros_(lateral.project.weight)
    losses(model.train()).backward()
    for name, param in model.named_parameters():
        assert param.grad is not None and param.grad.isfinite().all(), name
    assert all(m.project.weight.grad.abs().sum() > 0 for m in model.head.laterals)


def test_connections_learn_in_a_frozen_backbone():
    model = build().train()
    freeze(model.backbone)
    losses(model).backward()
    assert all(param.grad is None for param in model.backbone.parameters())
    for name, param in model.head.named_parameters():
        assert param.grad.abs().sum() > 0, name


@pytest.mark.parametrize(
    'duplicate', [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))]
)
def test_a_copy_has_connections_of_its_own(duplicate):
    model = build()
    before = model.predict_labels(IMAGES)
    other = duplicate(model)
    assert torch.equal(other.predict_labels(IMAGES), before)
    for lateral in other.head.laterals:
        torch.nn.init.constant_(lateral.project.weight, 1.0)
    assert not torch.allclose(other.predict_labels(IMAGES), before)
    assert torch.equal(model.predict_labels(IMAGES), before)


def test_wrong_settings_are_named():
    for name in ('tau', 'lam', 'eta'):
        with pytest.raises(ConfigError, match=rf'{name} must be in \[0, 1\], not 1.5'):
            build(**{name: 1.5})
    with pytest.raises(ConfigError, match='hidden_channels must have 3 numbers'):
        build(hidden=(4, 8))
    with pytest.raises(ConfigError, match='stage_channels must have 3 .* not 1'):
        build(stage_channels=(4,))
    with pytest.raises(ConfigError, match='hidden_channels .* has 5 .* gives 4'):
        build(hidden=(5, 8, 16)).predict_labels(IMAGES)
    with pytest.raises(ConfigError, match='not SwinTransformer'):
        build(backbone=dict(type='SwinTransformer', embed_dims=8, num_heads=(1,) * 4))


def test_trains_measures_and_labels_pictures(write_tiny, train_and_label, tmp_path):
    config = write_tiny(
        'kssnet', 'projects/kssnet/configs/kssnet_r18_shapes.py', TINY_MODEL
    )
    train_and_label(config)
    weights = torch.load(tmp_path / 'epoch_2.pth', weights_only=False)['state_dict']
    assert weights['head.statistics.num_images'] > 0
    assert weights['head.laterals.0.project.weight'].abs().sum() > 0
