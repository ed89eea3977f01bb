"""The labels of an image as a sequence."""

import pytest
import torch

from mmscanet.models.layers import frequent_first, label_sequences, next_log_prob

END = 4
ORDER = torch.tensor([2, 0, 3, 1])


def test_frequent_labels_come_first_and_equal_ones_keep_their_order():
    assert frequent_first(torch.tensor([3, 1, 7, 3])).tolist() == [2, 0, 3, 1]
    assert frequent_first(torch.zeros(4)).tolist() == [0, 1, 2, 3]


def test_sequences_have_the_present_labels_in_order_and_then_the_end():
    cells = torch.tensor([[1, 0, 1, 0], [0, 0, 0, 0], [1, -1, -1, 1]], dtype=torch.int8)
    tokens = label_sequences(cells, ORDER)
    assert tokens.tolist() == [[2, 0, END], [END, END, END], [0, 3, END]]


@pytest.mark.parametrize(
    ('cell', 'expected'), [(0, [END]), (-1, [END]), (1, [2, 0, 3, 1, END])]
)
def test_an_image_with_no_label_or_with_all(cell, expected):
    cells = torch.full((1, 4), cell, dtype=torch.int8)
    assert label_sequences(cells, ORDER).tolist() == [expected]


def test_barred_labels_are_out_of_the_softmax():
    logits = torch.randn(2, 5)
    barred = torch.tensor([[False, True, False, False], [True] * 4])
    prob = next_log_prob(logits, barred).exp()
    assert torch.allclose(prob[0, [0, 2, 3, 4]], logits[0, [0, 2, 3, 4]].softmax(0))
    assert prob[0, 1] == 0
    # Where all is barred only the end is left.
    assert prob[1].tolist() == [0, 0, 0, 0, 1]


def test_half_precision_is_left():
    prob = next_log_prob(torch.zeros(1, 4).bfloat16(), torch.zeros(1, 3).bool())
    assert prob.dtype == torch.float32
