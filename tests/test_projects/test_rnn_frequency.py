"""Labels named one after the other, each with a look at the image of its own."""

import pytest
import torch
from mmdet.structures import DetDataSample

from mmscanet.errors import ConfigError
from projects.rnn_frequency.rnn_frequency import RNNFrequencyHead

TINY_MODEL = """model = dict(
    backbone=dict(base_channels=8),
    head=dict(
        in_channels=16,
        embed_channels=4,
        hidden_channels=8,
        attention_channels=8,
        beam_width=2,
    ),
)
"""
SIZES = dict(
    in_channels=5,
    num_classes=3,
    embed_channels=4,
    hidden_channels=6,
    attention_channels=7,
)


@pytest.fixture
def head():
    head = RNNFrequencyHead(**SIZES)
    head.init_weights()
    return head.eval()


@pytest.fixture
def feats():
    return torch.full((2, 5, 8, 8), 9.0), torch.randn(2, 5, 4, 3)


def samples(*rows):
    """Data samples of images with these cells."""
    result = [DetDataSample() for _ in rows]
    for sample, row in zip(result, rows, strict=True):
        sample.gt_score = torch.tensor(row, dtype=torch.int8)
    return result


@torch.no_grad()
def test_attention_is_a_softmax_over_cells_given_the_state(head, feats):
    hidden = torch.randn(2, 6)
    seen, weights = head.attention(head.encode(feats), hidden)
    for i, cells in enumerate(feats[-1].flatten(2).transpose(1, 2)):
        asked = head.attend_state.weight @ hidden[i]
        energies = []
        for cell in cells:
            key = head.attend_cell.weight @ cell + head.attend_cell.bias
            energies.append(head.attend.weight[0] @ torch.tanh(key + asked))
        factors = [energy.exp() for energy in energies]
        expected = [factor / sum(factors) for factor in factors]
        assert torch.allclose(weights[i], torch.stack(expected), atol=1e-6)
        total = sum(a * cell for a, cell in zip(expected, cells, strict=True))
        assert torch.allclose(seen[i], total, atol=1e-6)


@torch.no_grad()
def test_a_step_reads_the_last_label_and_what_the_state_before_looked_at(head, feats):
    image = head.encode(feats)
    state = torch.randn(2, 6), torch.randn(2, 6)
    logits, after = head.step(image, torch.tensor([2, 4]), state)
    seen, _ = head.attention(image, state[0])
    read = torch.cat((head.embedding.weight[[2, 4]], seen), 1)
    expected = head.lstm(read, state)
    for ours, theirs in zip(after, expected, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)
    scores = expected[0] @ head.fc.weight.T + head.fc.bias
    assert torch.allclose(logits, scores, atol=1e-6)


@torch.no_grad()
def test_the_look_moves_with_what_was_named(head, feats):
    image = head.encode(feats)[:1].expand(2, -1, -1)
    _, state = head.step(image, torch.tensor([0, 1]), head.start(image))
    _, weights = head.attention(image, state[0] * 20)
    assert not torch.allclose(weights[0], weights[1], atol=1e-4)


@torch.no_grad()
def test_the_order_of_cells_does_not_matter(head, feats):
    mirrored = feats[-1].flip((2, 3)).transpose(2, 3)
    assert torch.allclose(head.predict((mirrored,)), head.predict(feats), atol=1e-6)


@torch.no_grad()
def test_a_batch_is_its_images_one_by_one(feats):
    head = RNNFrequencyHead(beam_width=2, dropout=0.9, **SIZES).eval()
    apart = torch.cat([head.predict((each[None],)) for each in feats[-1]])
    together = head.predict(feats)
    assert torch.allclose(together, apart, atol=1e-6)
    assert torch.equal(together, head.predict(feats))


def test_all_cells_and_all_layers_learn_from_the_loss(head, feats):
    feats[-1].requires_grad_()
    head.loss(feats, samples([1, 0, 1], [0, 0, 0]))['loss_cls'].backward()
    assert (feats[-1].grad != 0).all()
    assert all(p.grad.abs().sum() > 0 for p in head.parameters())


def test_half_precision_trains_and_scores(head, feats):
    batch = samples([1, 0, 1], [0, -1, 0])
    exact, scores = head.loss(feats, batch)['loss_cls'], head.predict(feats)
    with torch.autocast('cpu', torch.bfloat16):
        half = (feats[-1].bfloat16(),)
        loss, rough = head.loss(half, batch)['loss_cls'], head.predict(half)
    loss.backward()
    assert torch.allclose(loss, exact, rtol=0.05)
    assert torch.allclose(rough, scores, atol=0.02)


@pytest.mark.parametrize('settings', [dict(beam_width=0), dict(dropout=-0.1)])
def test_wrong_settings_are_named(settings):
    (name,) = settings
    with pytest.raises(ConfigError, match=f'{name} must be'):
        RNNFrequencyHead(**SIZES, **settings)


def test_trains_measures_and_labels_pictures(write_tiny, train_and_label, tmp_path):
    config = write_tiny(
        'rnn_frequency',
        'projects/rnn_frequency/configs/rnn_frequency_r18_shapes.py',
        TINY_MODEL,
    )
    train_and_label(config)
    weights = torch.load(tmp_path / 'epoch_2.pth', weights_only=False)['state_dict']
    assert weights['head.statistics.num_images'] > 0
