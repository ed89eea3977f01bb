"""What is published of a checkpoint: its weights, the same bytes each time."""

import copy
import io
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import EMAHook
from mmengine.model import ExponentialMovingAverage

from mmscanet.engine.launch import load_config
from mmscanet.engine.measure import build
from mmscanet.engine.publish import publish, to_dtype
from mmscanet.errors import UsageError

KEY = 'backbone.conv1.weight'
COUNT = 'backbone.bn1.num_batches_tracked'


@pytest.fixture
def cfg(tiny_config: Path) -> Config:
    return load_config(str(tiny_config))


@pytest.fixture
def checkpoint(tiny_checkpoint: Path) -> dict[str, Any]:
    content = torch.load(tiny_checkpoint, weights_only=False)
    content.update(optimizer=dict(state={}), message_hub=dict(log_scalars={}))
    content['meta'].update(iter=12, time='20260101_000000', hook=Path('x'))
    return content


def read(content: bytes) -> dict[str, Any]:
    return torch.load(io.BytesIO(content), weights_only=True)


def test_weights_names_and_config_are_left(cfg, checkpoint):
    whole = checkpoint['state_dict'].copy()
    checkpoint['state_dict']['another.weight'] = torch.ones(1)
    published = read(publish(cfg, [checkpoint], 'tiny', torch.float16))
    assert set(published) == {'meta', 'state_dict'}
    classes = published['meta'].pop('dataset_meta')['classes']
    assert classes == list(checkpoint['meta']['dataset_meta']['classes'])
    assert published['meta'] == dict(
        model_name='tiny', epoch=1, iter=12, cfg=cfg.pretty_text
    )
    weights = published['state_dict']
    assert set(weights) == set(whole)
    for key, value in weights.items():
        if key.endswith('num_batches_tracked'):
            assert value.dtype == torch.int64
        else:
            assert torch.equal(value, whole[key].half()), key


def test_full_precision(cfg, checkpoint):
    weights = read(publish(cfg, [checkpoint], 'tiny', torch.float32))['state_dict']
    assert torch.equal(weights[KEY], checkpoint['state_dict'][KEY])


def test_same_checkpoint_gives_the_same_bytes(cfg, checkpoint, tmp_path):
    first = publish(cfg, [checkpoint], 'tiny', torch.float16)
    # Saved anew under another name, at another time, by a wrapped model.
    checkpoint['meta'].update(time='20270101_000000')
    state = checkpoint['state_dict']
    checkpoint['state_dict'] = {f'module.{key}': each for key, each in state.items()}
    torch.save(checkpoint, tmp_path / 'other.pth')
    again = torch.load(tmp_path / 'other.pth', weights_only=False)
    assert publish(cfg, [again], 'tiny', torch.float16) == first
    again['state_dict'][f'module.{KEY}'][0, 0, 0, 0] += 1
    assert publish(cfg, [again], 'tiny', torch.float16) != first


def test_where_a_run_started_from_is_not_told(cfg, checkpoint):
    # A config may take it from the environment, as the later stages of SCANet+ do.
    before = publish(cfg, [checkpoint], 'tiny', torch.float16)
    cfg.load_from = '/home/somebody/epoch_3.pth'
    assert publish(cfg, [checkpoint], 'tiny', torch.float16) == before
    assert cfg.load_from == '/home/somebody/epoch_3.pth'


def test_averaged_weights_are_published(cfg, checkpoint):
    """mmengine's hook puts them where the weights were, and those beside them."""
    hook = EMAHook()
    hook.ema_model = ExponentialMovingAverage(build(cfg.model))
    average = hook.ema_model.module.state_dict()[KEY].clone().fill_(0.25)
    hook.ema_model.module.state_dict()[KEY].copy_(average)
    hook.before_save_checkpoint(None, checkpoint)
    assert 'ema_state_dict' in checkpoint
    weights = read(publish(cfg, [checkpoint], 'tiny', torch.float16))['state_dict']
    assert torch.equal(weights[KEY].float(), average)


def test_of_several_runs_the_mean_is_published(cfg, checkpoint):
    others = [copy.deepcopy(checkpoint) for _ in range(2)]
    for i, other in enumerate(others, start=1):
        other['state_dict'][KEY] += 3 * i
        other['state_dict'][COUNT] += i
        other['meta'].update(epoch=9)
    content = publish(cfg, [checkpoint, *others], 'tiny', torch.float32)
    published, before = read(content), checkpoint['state_dict']
    weights = published['state_dict']
    assert torch.allclose(weights[KEY], before[KEY] + 3)
    assert torch.equal(weights[COUNT], before[COUNT])
    still = 'backbone.layer1.0.conv1.weight'
    assert torch.allclose(weights[still], before[still], atol=1e-7)
    assert published['meta']['epoch'] == 1


def test_runs_that_differ_are_not_averaged(cfg, checkpoint):
    other = copy.deepcopy(checkpoint)
    classes = other['meta']['dataset_meta']['classes']
    other['meta']['dataset_meta']['classes'] = [*classes[::-1]]
    with pytest.raises(UsageError, match='different labels'):
        publish(cfg, [checkpoint, other], 'tiny', torch.float16)
    del other['state_dict'][KEY]
    for number, pair in enumerate([[other, checkpoint], [checkpoint, other]], start=1):
        expected = f'^checkpoint {number} of 2: .*not of this.*{KEY}'
        with pytest.raises(UsageError, match=expected):
            publish(cfg, pair, 'tiny', torch.float16)


@pytest.mark.parametrize(
    ('value', 'message'),
    [
        (1e5, f'{KEY} holds .*--dtype float32'),
        (float('nan'), f'values that are no numbers .*{KEY}'),
    ],
)
def test_values_that_half_precision_cannot_hold_are_named(
    cfg, checkpoint, value, message
):
    checkpoint['state_dict'][KEY][0, 0, 0, 0] = value
    with pytest.raises(UsageError, match=message):
        publish(cfg, [checkpoint], 'tiny', torch.float16)


def test_integers_stay_as_they_are():
    large = torch.tensor([2**40])
    assert to_dtype('count', large, torch.float16) is large


def test_weights_of_another_model_are_refused(cfg, checkpoint):
    del checkpoint['state_dict'][KEY]
    with pytest.raises(UsageError, match=f'^the checkpoint is not of this.*{KEY}'):
        publish(cfg, [checkpoint], 'tiny', torch.float16)


@pytest.mark.parametrize(
    'option',
    [
        {'model.data_preprocessor.mean': [1.0, 2.0, 3.0]},
        {'model.backbone.conv_cfg': dict(type='Conv2dAdaptivePadding')},
        {'test_dataloader.dataset.pipeline.1.scale': (64, 64)},
    ],
)
def test_weights_that_fit_but_were_trained_otherwise_are_refused(
    cfg, checkpoint, option
):
    cfg.merge_from_dict(option)
    (key,) = option
    with pytest.raises(UsageError, match=f'was trained with {key}'):
        publish(cfg, [checkpoint], 'tiny', torch.float16)


def test_how_it_predicts_is_for_the_config_to_say(cfg, checkpoint):
    cfg.merge_from_dict({'model.test_cfg.rcnn.refinements': 3})
    published = read(publish(cfg, [checkpoint], 'tiny', torch.float16))
    assert 'refinements=3' in published['meta']['cfg']


def test_imports_of_the_training_need_not_be_here(cfg, checkpoint):
    checkpoint['meta']['cfg'] += "\ncustom_imports = dict(imports=['not_here'])\n"
    assert publish(cfg, [checkpoint], 'tiny', torch.float16)


def test_weights_to_start_from_do_not_matter(cfg, checkpoint):
    cfg.model.backbone.init_cfg = dict(type='Pretrained', checkpoint='/some/where.pth')
    assert publish(cfg, [checkpoint], 'tiny', torch.float16)


def test_labels_are_the_data_sets_where_the_checkpoint_names_none(cfg, checkpoint):
    names = checkpoint['meta'].pop('dataset_meta')['classes']
    published = read(publish(cfg, [checkpoint], 'tiny', torch.float16))
    assert published['meta']['dataset_meta'] == dict(classes=list(names))
    checkpoint['meta']['dataset_meta'] = dict(CLASSES=('one', 'two'))
    with pytest.raises(UsageError, match='num_classes'):
        publish(cfg, [checkpoint], 'tiny', torch.float16)
