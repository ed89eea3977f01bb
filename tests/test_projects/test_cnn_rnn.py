"""Labels named one after the other by an LSTM, in a space that images share."""

import pytest
import torch
from mmdet.structures import DetDataSample

from mmscanet.errors import ConfigError
from projects.cnn_rnn.cnn_rnn import CNNRNNHead

TINY_MODEL = """model = dict(
    backbone=dict(base_channels=8),
    head=dict(in_channels=16, embed_channels=4, hidden_channels=8, beam_width=2),
)
"""
SIZES = dict(in_channels=5, num_classes=3, embed_channels=4, hidden_channels=6)


@pytest.fixture
def head():
    head = CNNRNNHead(**SIZES)
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


def recur(cell, token, state):
    """A long short-term memory, its four gates one by one."""
    hidden, memory = state
    read = cell.weight_ih @ token + cell.bias_ih
    kept = cell.weight_hh @ hidden + cell.bias_hh
    admit, keep, content, show = (read + kept).chunk(4)
    memory = keep.sigmoid() * memory + admit.sigmoid() * content.tanh()
    return show.sigmoid() * memory.tanh(), memory


@torch.no_grad()
def test_scores_are_products_of_labels_and_the_projection(head, feats):
    tokens = [4, 1, 2]  # the start, then two labels
    image = head.encode(feats)
    zeros = torch.zeros(2, 6)
    state, own = (zeros, zeros), [(torch.zeros(6), torch.zeros(6))] * 2
    for token in tokens:
        logits, state = head.step(image, torch.tensor([token] * 2), state)
        for i, picture in enumerate(feats[-1]):
            own[i] = recur(head.lstm, head.embedding.weight[token], own[i])
            pooled = torch.stack([channel.mean() for channel in picture])
            joint = head.project_image.weight @ pooled + head.project_image.bias
            joint = (joint + head.project_output.weight @ own[i][0]).clamp(min=0)
            for label in range(4):  # three labels and the end
                expected = head.embedding.weight[label] @ joint
                assert torch.allclose(logits[i, label], expected, atol=1e-5)
    assert logits.shape == (2, 4)


def test_a_label_named_changes_what_comes_next(head, feats):
    image, state = head.encode(feats), (torch.randn(2, 6), torch.randn(2, 6))
    logits, _ = head.step(image[:1].expand(2, -1), torch.tensor([0, 1]), state)
    assert not torch.allclose(logits[0], logits[1], atol=1e-4)


def test_image_and_labels_learn_from_the_loss(head, feats):
    feats[-1].requires_grad_()
    head.loss(feats, samples([1, 0, 1], [0, 0, 0]))['loss_cls'].backward()
    # All cells of a channel learn the same.
    grad = feats[-1].grad
    assert torch.allclose(grad, grad.mean((2, 3), keepdim=True).expand_as(grad))
    assert (grad.abs().sum((1, 2, 3)) > 0).all()
    assert all(p.grad.abs().sum() > 0 for p in head.parameters())


@torch.no_grad()
def test_maxima_are_read_where_they_are_asked_for(head, feats):
    other = CNNRNNHead(pool='max', **SIZES).eval()
    other.load_state_dict(head.state_dict())
    maxima = feats[-1].amax((2, 3), keepdim=True)
    assert torch.allclose(other.encode(feats), head.encode((maxima,)))


def test_dropout_rests_in_prediction(feats):
    head = CNNRNNHead(dropout=0.9, **SIZES).eval()
    with torch.no_grad():
        assert torch.equal(head.predict(feats), head.predict(feats))
        together, alone = head.predict(feats), head.predict((feats[-1][1:],))
    assert torch.allclose(together[1:], alone, atol=1e-6)


@pytest.mark.parametrize('settings', [dict(beam_width=0), dict(dropout=-0.1)])
def test_wrong_settings_are_named(settings):
    (name,) = settings
    with pytest.raises(ConfigError, match=f'{name} must be'):
        CNNRNNHead(**SIZES, **settings)


def test_trains_measures_and_labels_pictures(write_tiny, train_and_label, tmp_path):
    config = write_tiny(
        'cnn_rnn', 'projects/cnn_rnn/configs/cnn_rnn_r18_shapes.py', TINY_MODEL
    )
    train_and_label(config)
    weights = torch.load(tmp_path / 'epoch_2.pth', weights_only=False)['state_dict']
    assert weights['head.statistics.num_images'] > 0
