"""Counts of labels, and vectors of labels made from them."""

import pytest
import torch

from mmscanet.errors import ConfigError, MissingDataError, UnreadableDataError
from mmscanet.models.layers import GraphConvolution, LabelEmbeddings, LabelStatistics

CLASSES = ('cat', 'dining table', 'dog', 'tvmonitor')
# The last label never occurs; the first is not scored once.
CELLS = torch.tensor(
    [[1, 1, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [-1, 0, 1, 0], [0, 0, 0, 0]],
    dtype=torch.int8,
)


def test_counts_images_with_a_label_and_with_two():
    statistics = LabelStatistics(4)
    statistics.learn_labels(CELLS, CLASSES)
    assert statistics.num_images == 5
    assert statistics.count.tolist() == [2, 3, 2, 0]
    expected = [[2, 2, 0, 0], [2, 3, 1, 0], [0, 1, 2, 0], [0, 0, 0, 0]]
    assert statistics.co_occurrence.tolist() == expected
    # Of the three images with a dining table two have a cat, one has a dog.
    assert torch.allclose(statistics.conditional()[1], torch.tensor([2, 3, 1, 0]) / 3)
    # Of the two with a dog one is not scored for cat, and the other has none.
    assert statistics.conditional()[2].tolist() == [0, 0.5, 1, 0]
    assert statistics.conditional()[3].tolist() == [0, 0, 0, 0]


def test_counts_are_in_the_checkpoint_and_replaced_by_new_ones():
    first, second = LabelStatistics(4), LabelStatistics(4)
    first.learn_labels(CELLS, CLASSES)
    second.load_state_dict(first.state_dict())
    assert torch.equal(second.conditional(), first.conditional())
    second.learn_labels(CELLS[:1], CLASSES)
    assert second.num_images == 1
    assert second.count.tolist() == [1, 1, 0, 0]


def test_vectors_are_a_factor_of_the_ppmi():
    embeddings = LabelEmbeddings(2)
    assert embeddings().tolist() == [[0, 0], [0, 0]]
    embeddings.learn_labels(
        torch.tensor([[1, 0], [1, 1], [0, 0], [0, 0]], dtype=torch.int8), ('a', 'b')
    )
    # log P(a, a) / P(a)^2, log P(a, b) / P(a) P(b), log P(b, b) / P(b)^2.
    ppmi = torch.tensor([[2.0, 2.0], [2.0, 4.0]]).log()
    assert torch.allclose(embeddings() @ embeddings().T, ppmi, atol=1e-5)


def test_labels_that_never_meet_have_orthogonal_vectors_and_missing_ones_none():
    embeddings = LabelEmbeddings(4)
    embeddings.learn_labels(CELLS, CLASSES)
    assert embeddings().isfinite().all()
    assert embeddings()[3].tolist() == [0, 0, 0, 0]
    cat, dining_table, dog, _ = embeddings()
    assert cat @ dining_table > 0.1 > cat @ dog


@pytest.fixture
def file(tmp_path):
    path = tmp_path / 'vectors.txt'
    path.write_text(
        'cat 1 2\ndog 3 4\nhouse 0 0\ndining 2 0\ntable 4 2\ntvmonitor -1 0.5\n'
    )
    return path


def test_vectors_of_a_file_and_the_mean_of_two_words(file):
    embeddings = LabelEmbeddings(4, file=str(file), channels=2)
    embeddings.learn_labels(CELLS, CLASSES)
    assert embeddings().tolist() == [[1, 2], [3, 1], [3, 4], [-1, 0.5]]


def test_what_is_wrong_with_a_file_is_said(file):
    with pytest.raises(ConfigError, match='both `file` and `channels`'):
        LabelEmbeddings(4, file=str(file))
    with pytest.raises(UnreadableDataError, match="line 1: 2 numbers for 'cat', not"):
        LabelEmbeddings(4, str(file), 3).learn_labels(CELLS, CLASSES)
    with pytest.raises(UnreadableDataError, match="no vector for the label 'bus'"):
        LabelEmbeddings(1, str(file), 2).learn_labels(CELLS[:, :1], ('bus',))
    with pytest.raises(MissingDataError, match='nowhere'):
        LabelEmbeddings(4, 'nowhere.txt', 2).learn_labels(CELLS, CLASSES)
    file.write_text('cat one two\n')
    with pytest.raises(UnreadableDataError, match='could not convert'):
        LabelEmbeddings(1, str(file), 2).learn_labels(CELLS[:, :1], ('cat',))


def test_a_node_takes_up_what_its_row_weighs():
    layer = GraphConvolution(3, 2)
    nodes = torch.randn(5, 4, 3)
    adjacency = torch.rand(4, 4)
    output = layer(nodes, adjacency)
    expected = sum(adjacency[1, j] * layer.linear(nodes[2, j]) for j in range(4))
    assert torch.allclose(output[2, 1], expected, atol=1e-6)


def test_a_cell_that_is_not_scored_is_no_absence():
    statistics = LabelStatistics(2)
    cells = torch.tensor([[1, -1], [1, 1], [1, -1]], dtype=torch.int8)
    statistics.learn_labels(cells, ('a', 'b'))
    assert statistics.conditional()[0].tolist() == [1, 1]


@pytest.mark.parametrize('number', ['nan', 'inf'])
def test_numbers_of_word_vectors_must_be_finite(tmp_path, number):
    file = tmp_path / 'vectors.txt'
    file.write_text(f'cat 1 2\ndog 1 {number}\n')
    embeddings = LabelEmbeddings(2, str(file), channels=2)
    with pytest.raises(UnreadableDataError, match="line 2: a number of 'dog'"):
        embeddings.learn_labels(CELLS[:, :2], ('cat', 'dog'))
