"""The measurements measure what they say."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from mmengine.config import Config, ConfigDict

from mmscanet.comparison import ConfigName, find_configs
from mmscanet.engine.feature_cache import FeatureCache
from mmscanet.engine.measure import (
    Setting,
    build,
    build_for,
    compile_layers,
    count_flops,
    count_labels,
    faster_rcnn_twin,
    make_tasks,
    peak_memory,
    random_batch,
)

ROOT = Path(__file__).resolve().parents[2]
SETTING = Setting(shape=(64, 96), batch_size=2)


def method(path: Path) -> str:
    """Name a config's method."""
    return ConfigName.parse(path, 'any', 'any').method


@pytest.fixture(scope='module')
def model_cfg() -> ConfigDict:
    """Return the smallest SCANet."""
    cfg = Config.fromfile(ROOT / 'configs/scanet/scanet_r18_fpn_shapes.py').model
    cfg.backbone.init_cfg = dict(type='Pretrained', checkpoint='https://none.invalid')
    return cfg


def test_twin_is_a_faster_rcnn_on_the_same_features(model_cfg: ConfigDict) -> None:
    ours, twin = build(model_cfg), build(faster_rcnn_twin(model_cfg))
    assert type(twin).__name__ == 'FasterRCNN'
    for part in ('backbone', 'neck', 'rpn_head'):
        shapes = [
            {k: v.shape for k, v in getattr(model, part).state_dict().items()}
            for model in (ours, twin)
        ]
        assert shapes[0] == shapes[1]
    assert twin.roi_head.bbox_head.num_classes == 11
    assert twin.train_cfg.rcnn.sampler.num == 512  # mmdet's
    same = faster_rcnn_twin(model_cfg, same_patches=True)
    assert same.train_cfg.rcnn.sampler.num == model_cfg.train_cfg.rcnn.sampler.num
    assert same.test_cfg.rpn == model_cfg.test_cfg.rpn
    assert model_cfg.type == 'SCANet'  # the given config is left alone


def test_random_batch_is_seeded_and_inside_the_image() -> None:
    inputs, samples = random_batch(SETTING, num_classes=11)
    again, _ = random_batch(SETTING, num_classes=11)
    assert torch.equal(inputs, again)
    assert inputs.shape == (2, 3, 64, 96)
    for sample in samples:
        boxes = sample.gt_instances.bboxes
        assert (boxes >= 0).all()
        assert (boxes[:, 2:] <= torch.tensor([96, 64]) + 1e-4).all()
        assert (boxes[:, 2:] > boxes[:, :2]).all()
        present = torch.zeros(11, dtype=torch.int8)
        present[sample.gt_instances.labels] = 1
        assert torch.equal(sample.gt_score, present)


def test_tasks_do_what_their_names_say(model_cfg: ConfigDict) -> None:
    model = build(model_cfg)
    tasks = make_tasks(model, random_batch(SETTING, 11))
    assert set(tasks) == {'train', 'train_frozen', 'predict', 'predict_labels'}

    def gradients() -> set[str]:
        return {
            name.split('.')[0]
            for name, param in model.named_parameters()
            if param.grad is not None
        }

    tasks['train']()
    assert gradients() == {'backbone', 'neck', 'rpn_head', 'roi_head'}
    tasks['train_frozen']()
    assert gradients() == {'neck', 'rpn_head', 'roi_head'}
    assert all(param.requires_grad for param in model.backbone.parameters())
    flops = {name: count_flops(task) for name, task in tasks.items()}
    assert flops['train'] > flops['train_frozen'] > flops['predict'] > 0


def test_a_cached_step_leaves_the_backbone_out(
    model_cfg: ConfigDict, tmp_path: Path
) -> None:
    model = build(model_cfg)
    batch = random_batch(SETTING, num_classes=11)
    tasks = make_tasks(model, batch, FeatureCache(model.backbone, tmp_path))
    tasks['train_cached']()
    backbone = count_flops(lambda: model.backbone(batch[0]))
    saved = count_flops(tasks['train_frozen']) - count_flops(tasks['train_cached'])
    assert saved == backbone > 0


def test_flops_of_a_layer_by_hand() -> None:
    layer, x = torch.nn.Linear(3, 5), torch.zeros(7, 3)
    assert count_flops(lambda: layer(x)) == 2 * 7 * 3 * 5


@pytest.mark.parametrize('groups', [1, 2, 8])
@pytest.mark.parametrize('needs_input', [True, False])
def test_flops_of_a_convolution_and_back_by_hand(
    groups: int, needs_input: bool
) -> None:
    layer = torch.nn.Conv2d(8, 16, 3, stride=2, padding=1, groups=groups)
    x = torch.zeros(2, 8, 10, 12, requires_grad=needs_input)
    forward = 2 * (2 * 16 * 5 * 6) * (8 // groups) * 9
    assert count_flops(lambda: layer(x)) == forward
    # Once for the weights, and once for the input where that is asked for.
    flops = count_flops(lambda: layer(x).sum().backward())
    assert flops == forward * (3 if needs_input else 2)


def test_a_setting_says_how_the_convolutions_run(model_cfg: ConfigDict) -> None:
    for last in (True, False):
        setting = replace(SETTING, dtype='bfloat16', channels_last=last)
        model = build_for(setting, model_cfg)
        computed: list[torch.Tensor] = []
        model.backbone.register_forward_hook(
            lambda part, args, levels, into=computed: into.extend(levels)
        )
        tasks = make_tasks(model, random_batch(setting, 11), setting=setting)
        for name in ('train', 'train_frozen', 'predict', 'predict_labels'):
            computed.clear()
            tasks[name]()
            assert {level.dtype for level in computed} == {torch.bfloat16}, name
            fine = computed[0]
            assert fine.is_contiguous(memory_format=torch.channels_last) == last
    assert 'channels_last' not in model_cfg  # the given config is left alone


@pytest.mark.parametrize('path', find_configs(ROOT, 'r18', 'shapes'), ids=method)
def test_every_method_takes_a_step_in_bfloat16(path: Path) -> None:
    setting = Setting((64, 64), batch_size=2, dtype='bfloat16')
    cfg = Config.fromfile(path).model
    model = build_for(setting, cfg)
    batch = random_batch(setting, count_labels(cfg))
    tasks = make_tasks(model, batch, setting=setting)
    tasks['train']()
    tasks['predict']()
    for name, param in model.named_parameters():
        assert param.isfinite().all(), name


def test_backbone_and_neck_are_compiled(
    model_cfg: ConfigDict, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[torch.nn.Module] = []
    monkeypatch.setattr(torch.nn.Module, 'compile', lambda part: compiled.append(part))
    model = build(model_cfg)
    compile_layers(model)
    assert compiled == [model.backbone, model.neck]
    peer = ROOT / 'projects/resnet_gmp/configs/resnet_gmp_r18_shapes.py'
    model = build(Config.fromfile(peer).model)
    compile_layers(model)  # it has no neck
    assert compiled[2:] == [model.backbone]


def test_peak_memory_sees_the_frozen_stage(model_cfg: ConfigDict) -> None:
    """On large images, where activations outweigh everything else."""
    setting = Setting(shape=(384, 384), batch_size=2, threads=1)
    joint, frozen = (
        peak_memory(model_cfg, task, setting) for task in ('train', 'train_frozen')
    )
    if joint is None:
        pytest.skip('this system does not tell the resident set')
    assert 0 < frozen < joint


def test_a_setting_in_words() -> None:
    setting = Setting((96, 64), 4, dtype='bfloat16', channels_last=True, compiled=True)
    assert setting.images == 'batches of 4 images, 96 x 64'
    assert setting.ways == 'bfloat16, channels last, backbone and neck compiled'
    assert Setting().ways == 'float32'
