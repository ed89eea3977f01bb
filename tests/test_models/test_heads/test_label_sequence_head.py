"""What the heads that name labels one by one have in common."""

import pytest
import torch
from torch import nn

from mmscanet.errors import ConfigError
from mmscanet.models import LabelSequenceHead

SIZES = dict(embed_channels=3, lstm_channels=5, hidden_channels=4)
CLASSES = ('a', 'b', 'c')
# Label 2 is the most frequent, then 0, then 1.
CELLS = torch.tensor([[0, 0, 1], [1, 0, 1], [1, 1, 1]], dtype=torch.int8)


class Speaker(LabelSequenceHead):
    """The LSTM reads the token and the image's two numbers."""

    def __init__(self, beam_width=6, dropout=0.0):
        super().__init__(num_classes=3, beam_width=beam_width, dropout=dropout, **SIZES)
        self.out = nn.Linear(4, 4)

    def encode(self, feats):
        return feats[-1].mean((2, 3))

    def step(self, image, tokens, state):
        state = self.lstm(torch.cat((self.embedding(tokens), image), 1), state)
        return self.out(state[0]), state


@pytest.fixture
def head():
    head = Speaker()
    head.statistics.learn_labels(CELLS, CLASSES)
    return head


@pytest.fixture
def feats():
    return (torch.randn(2, 2, 3, 5),)


def log_prob(head, image, labels, out_of_softmax=()):
    """Of naming ``labels``, step by step; the start is token 4, the end token 3."""
    state, last, total = (torch.zeros(1, 4),) * 2, 4, 0
    for place, token in enumerate((*labels, 3)):
        logits, state = head.step(image, torch.tensor([last]), state)
        gone = {*out_of_softmax, *labels[:place]}
        allowed = [t for t in range(4) if t not in gone]
        total += logits[0, token] - torch.logsumexp(logits[0, allowed], 0)
        last = token
    return total


def test_loss_is_that_of_the_frequent_first_sequence(head, feats, make_sample):
    samples = [make_sample(gt_score=[1, 0, 1]), make_sample(gt_score=[0, 0, 0])]
    images = head.encode(feats)
    expected = log_prob(head, images[:1], (2, 0)) + log_prob(head, images[1:], ())
    result = head.loss(feats, samples)
    assert list(result) == ['loss_cls']
    assert torch.allclose(result['loss_cls'], -expected / 2, atol=1e-5)


def test_cells_not_scored_are_neither_named_nor_wrong(head, feats, make_sample):
    samples = [make_sample(gt_score=[1, -1, 1]), make_sample(gt_score=[-1, -1, -1])]
    images = head.encode(feats)
    first = log_prob(head, images[:1], (2, 0), out_of_softmax=(1,))
    result = head.loss(feats, samples)
    # Where nothing is scored the end is all that can come.
    assert torch.allclose(result['loss_cls'], -first / 2, atol=1e-5)
    result['loss_cls'].backward()
    assert head.out.weight.grad[1].abs().sum() == 0
    assert (head.out.weight.grad[[0, 2, 3]].abs().sum(1) > 0).all()


def test_all_labels_and_each_image_alone(head, feats, make_sample):
    samples = [make_sample(gt_score=[1, 1, 1]), make_sample(gt_score=[0, 1, 0])]
    together = head.loss(feats, samples)['loss_cls']
    apart = [
        head.loss((feats[0][i : i + 1],), samples[i : i + 1])['loss_cls']
        for i in range(2)
    ]
    assert torch.allclose(together, sum(apart) / 2, atol=1e-6)
    expected = log_prob(head, head.encode(feats)[:1], (2, 0, 1))
    assert torch.allclose(apart[0], -expected, atol=1e-5)


def test_every_parameter_learns_even_if_no_image_has_a_label(head, feats, make_sample):
    """DistributedDataParallel waits for a gradient of each."""
    head.loss(feats, [make_sample(gt_score=[0, 0, 0])] * 2)['loss_cls'].backward()
    for name, param in head.named_parameters():
        assert param.grad is not None, name
        assert param.grad.isfinite().all(), name


@torch.no_grad()
def test_scores_are_the_probabilities_to_be_named(head, feats):
    scores = head.predict(feats)
    images = head.encode(feats)
    for image, row in zip(images, scores, strict=True):
        for label in range(3):
            others = [each for each in range(3) if each != label]
            sequences = [
                [],
                *([each] for each in others),
                *(others, others[::-1]),
            ]
            never = sum(log_prob(head, image[None], s).exp() for s in sequences)
            assert row[label].item() == pytest.approx(1 - float(never), abs=1e-5)


@torch.no_grad()
@pytest.mark.parametrize('beam_width', [1, 2])
def test_a_batch_is_its_images_one_by_one(feats, beam_width):
    head = Speaker(beam_width).eval()
    apart = torch.cat([head.predict((each[None],)) for each in feats[0]])
    assert torch.allclose(head.predict(feats), apart, atol=1e-6)


def test_the_order_is_in_the_checkpoint(head, feats, make_sample):
    samples = [make_sample(gt_score=[1, 1, 1])] * 2
    other = Speaker()
    other.load_state_dict(head.state_dict())
    assert torch.equal(
        other.loss(feats, samples)['loss_cls'], head.loss(feats, samples)['loss_cls']
    )


def test_half_precision_trains_and_scores(head, feats, make_sample):
    samples = [make_sample(gt_score=[1, 0, 1]), make_sample(gt_score=[0, -1, 0])]
    exact, scores = head.loss(feats, samples)['loss_cls'], head.predict(feats)
    with torch.autocast('cpu', torch.bfloat16):
        half = (feats[0].bfloat16(),)
        loss = head.loss(half, samples)['loss_cls']
        rough = head.predict(half)
    loss.backward()
    assert loss.dtype == rough.dtype == torch.float32
    assert torch.allclose(loss, exact, rtol=0.05)
    assert torch.allclose(rough, scores, atol=0.02)


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(beam_width=0), 'beam_width must be at least 1, not 0'),
        (dict(dropout=1.0), r'dropout must be in \[0, 1\), not 1.0'),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        Speaker(**settings)
