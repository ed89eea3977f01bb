"""How probable a label is to be named, by beam search."""

import itertools

import pytest
import torch

from mmscanet.models.layers import label_marginals

NUM_CLASSES, HIDDEN = 3, 6
END, START = NUM_CLASSES, NUM_CLASSES + 1
# All paths of a length: 3, 6, 6.
ALL = 6


class Speaker(torch.nn.Module):
    """A recurrent model of sequences; its state begins with the image's vector."""

    def __init__(self):
        super().__init__()
        self.token = torch.nn.Embedding(NUM_CLASSES + 2, HIDDEN)
        self.cell = torch.nn.RNNCell(HIDDEN, HIDDEN)
        self.out = torch.nn.Linear(HIDDEN, NUM_CLASSES + 1)
        torch.nn.init.normal_(self.out.weight)

    def forward(self, tokens, state):
        hidden = self.cell(self.token(tokens), state[0])
        return self.out(hidden), (hidden,)

    @torch.no_grad()
    def marginals(self, images, width):
        state = (images.repeat_interleave(width, 0),)
        return label_marginals(self, state, START, width)

    def probability(self, image, labels):
        """Of naming exactly ``labels``, in this order, by the chain rule."""
        prob, state, last = 1.0, (image[None],), START
        for place, token in enumerate((*labels, END)):
            logits, state = self(torch.tensor([last]), state)
            allowed = [t for t in range(NUM_CLASSES + 1) if t not in labels[:place]]
            weights = {t: logits[0, t].exp() for t in allowed}
            prob, last = prob * weights[token] / sum(weights.values()), token
        return prob.item()


@pytest.fixture
def speaker():
    return Speaker()


@pytest.fixture
def images():
    return torch.randn(4, HIDDEN)


def all_sequences():
    for length in range(NUM_CLASSES + 1):
        yield from itertools.permutations(range(NUM_CLASSES), length)


def test_a_wide_beam_is_the_sum_over_all_sequences(speaker, images):
    found = speaker.marginals(images, ALL)
    for image, marginals in zip(images, found, strict=True):
        probabilities = {s: speaker.probability(image, s) for s in all_sequences()}
        assert sum(probabilities.values()) == pytest.approx(1, abs=1e-5)
        for label in range(NUM_CLASSES):
            expected = sum(p for s, p in probabilities.items() if label in s)
            assert marginals[label].item() == pytest.approx(expected, abs=1e-5)


def test_a_narrow_beam_keeps_the_best_paths_of_each_length(speaker, images):
    """Prefixes are walked by hand; the two most probable of a length go on."""
    found = speaker.marginals(images, 2)
    for image, marginals in zip(images, found, strict=True):
        expected, beam = torch.zeros(NUM_CLASSES), {(): 1.0}
        while beam:
            grown = {}
            for path in beam:
                for label in set(range(NUM_CLASSES)) - set(path):
                    longer = (*path, label)
                    going_on = [
                        s for s in all_sequences() if s[: len(longer)] == longer
                    ]
                    grown[longer] = sum(speaker.probability(image, s) for s in going_on)
                    expected[label] += grown[longer]
            best = sorted(grown, key=grown.get, reverse=True)[:2]
            beam = {path: grown[path] for path in best}
        assert torch.allclose(marginals, expected, atol=1e-5)


def test_wider_beams_only_add(speaker, images):
    widths = [speaker.marginals(images, width) for width in (1, 2, 4, ALL)]
    for narrow, wide in itertools.pairwise(widths):
        assert (wide.sum(1) >= narrow.sum(1) - 1e-6).all()
    assert (widths[0] < widths[-1] - 1e-3).any()
    assert ((widths[-1] > 0) & (widths[-1] < 1)).all()


@pytest.mark.parametrize('width', [1, 2, ALL, 20])
def test_a_batch_is_its_images_one_by_one(speaker, images, width):
    # One image is sure at once, so that its search ends before the others'.
    speaker.out.weight.data[END] = 3
    images[0] = 100
    together = speaker.marginals(images, width)
    apart = [speaker.marginals(image[None], width) for image in images]
    assert torch.allclose(together, torch.cat(apart), atol=1e-6)


def step_of(logits):
    """A model without memory."""
    return lambda tokens, state: (logits.expand(len(tokens), -1), state)


def test_equal_labels_score_alike_where_all_paths_fit():
    state = (torch.zeros(2 * ALL, 1),)
    marginals = label_marginals(step_of(torch.zeros(4)), state, START, ALL)
    # The end is equally probable to be at each of four places.
    assert torch.allclose(marginals, torch.full((2, 3), 0.5), atol=1e-6)


@pytest.mark.parametrize(('logit', 'expected'), [(60.0, 0.0), (-60.0, 1.0)])
def test_no_label_and_all_labels(logit, expected):
    logits = torch.tensor([0.0, 0.0, 0.0, logit])
    marginals = label_marginals(step_of(logits), (torch.zeros(2, 1),), START, 2)
    assert marginals.shape == (1, 3)
    # Width 2 of up to 6 equal paths holds a third of them in the end.
    if expected:
        assert (marginals > 1 / 3 - 1e-6).all()
        marginals = label_marginals(step_of(logits), (torch.zeros(6, 1),), START, 6)
    assert torch.allclose(marginals, torch.full((1, 3), expected), atol=1e-5)


def test_labels_off_the_beam_are_ranked_too():
    logits = torch.tensor([8.0, -2.0, -1.0, 8.0])
    marginals = label_marginals(step_of(logits), (torch.zeros(1, 1),), START, 1)
    assert marginals[0, 0] > marginals[0, 2] > marginals[0, 1] > 0
