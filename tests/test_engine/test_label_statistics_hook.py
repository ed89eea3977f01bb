"""A model learns which labels go together before it is trained."""

from types import SimpleNamespace

import numpy as np
import pytest
from torch import nn

from mmscanet.engine.hooks import LabelStatisticsHook
from mmscanet.errors import ConfigError
from mmscanet.models.layers import LabelEmbeddings, LabelStatistics


class Labels:
    """A data set that repeats its first image."""

    metainfo = dict(classes=('cat', 'dog'))
    cells = ((1, 1), (1, -1), (1, 1))

    def __len__(self):
        return len(self.cells)

    def get_data_info(self, index):
        return dict(img_id=index % 2, gt_score=np.array(self.cells[index], np.int8))


class Boxes(Labels):
    def get_data_info(self, index):
        return dict(img_id=index)


def runner(model, dataset, iteration=0):
    return SimpleNamespace(
        model=model, train_dataloader=SimpleNamespace(dataset=dataset), iter=iteration
    )


def test_each_image_counts_once_wherever_the_module_is():
    inner = LabelStatistics(2)
    model = nn.ModuleDict(dict(head=nn.ModuleList([inner, LabelEmbeddings(2)])))
    LabelStatisticsHook().before_train(runner(model, Labels()))
    assert inner.num_images == 2
    assert inner.count.tolist() == [2, 1]
    assert model['head'][1]().abs().sum() > 0


def test_a_model_without_statistics_reads_no_labels():
    LabelStatisticsHook().before_train(runner(nn.Linear(1, 1), Boxes()))


def test_a_data_set_without_image_labels_is_refused():
    with pytest.raises(ConfigError, match='Boxes gives no image labels'):
        LabelStatisticsHook().before_train(runner(LabelStatistics(2), Boxes()))


def test_a_resumed_run_keeps_what_its_checkpoint_has():
    model = LabelStatistics(2)
    LabelStatisticsHook().before_train(runner(model, Labels(), iteration=3))
    assert model.num_images == 0


class Joined(Labels):
    """Two data sets with the same ids, of other pictures."""

    def get_data_info(self, index):
        info = super().get_data_info(index)
        return dict(info, img_id=0, img_path=f'{index % 2}.jpg')


def test_pictures_with_the_same_id_count_apart():
    model = LabelStatistics(2)
    LabelStatisticsHook().before_train(runner(model, Joined()))
    assert model.num_images == 2
