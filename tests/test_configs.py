"""Every config of the zoo builds, trains a step and predicts, reduced to test size."""

import copy
import functools
from pathlib import Path

import pytest
import torch
from mmdet.registry import HOOKS, METRICS, MODELS, TRANSFORMS
from mmdet.structures import DetDataSample
from mmengine.config import Config, ConfigDict
from mmengine.structures import InstanceData

from mmscanet.engine.hooks import check_label_count

REPOSITORY = Path(__file__).resolve().parents[1]
ROOT = REPOSITORY / 'configs/scanet'
SCANET = sorted(ROOT.glob('**/*.py'))
PEERS = sorted(REPOSITORY.glob('projects/*/configs/*.py'))
CONFIGS = SCANET + PEERS


@functools.cache
def load(path: Path) -> Config:
    """Read a config; it is not to be changed."""
    return Config.fromfile(path)


def reduce(model: ConfigDict) -> ConfigDict:
    """A copy with fewer layers and channels; what it decides about its model stays."""
    model = copy.deepcopy(model)
    backbone = model.backbone
    backbone.init_cfg = None
    if backbone.get('depth') == 101:
        backbone.depth = 50
    if backbone.type == 'ResNeXt':
        backbone.update(groups=4, base_width=4)
    if 'roi_head' not in model:
        return model
    for name in ('bbox_head', 'context_head'):
        if head := model.roi_head.get(name):
            head.fc_out_channels = 32
    model.train_cfg.rcnn.sampler.num = 16
    model.train_cfg.rpn_proposal.max_per_img = 20
    model.test_cfg.rpn.max_per_img = 20
    return model


def samples(num_classes: int) -> list[DetDataSample]:
    """Two images of 96 x 96, one of them without a box."""
    result = []
    for boxes, labels in (([[8, 8, 60, 60]], [1]), ([], [])):
        shape = (96, 96)
        meta = dict(img_shape=shape, pad_shape=shape, batch_input_shape=shape)
        meta.update(ori_shape=shape, scale_factor=(1.0, 1.0))
        sample = DetDataSample(metainfo=meta)
        sample.gt_instances = InstanceData(
            bboxes=torch.tensor(boxes, dtype=torch.float).reshape(-1, 4),
            labels=torch.tensor(labels, dtype=torch.long),
        )
        sample.ignored_instances = InstanceData(
            bboxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.long)
        )
        sample.gt_score = torch.zeros(num_classes, dtype=torch.int8)
        sample.gt_score[labels] = 1
        result.append(sample)
    return result


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_config_trains_and_predicts(path):
    cfg = load(path)
    model = MODELS.build(reduce(cfg.model))
    num_classes = expected_classes(cfg)
    check_label_count(model, num_classes, path.name)
    images, batch = torch.rand(2, 3, 96, 96), samples(num_classes)
    losses = model.train().loss(images, batch)
    total = sum(
        value if isinstance(value, torch.Tensor) else sum(value)
        for name, value in losses.items()
        if 'loss' in name
    )
    total.backward()
    assert total.isfinite()
    model.eval()
    with torch.no_grad():
        predicted = model.predict(images, batch)
    assert [len(sample.pred_score) for sample in predicted] == [num_classes] * 2


def expected_classes(cfg: Config) -> int:
    """The number of labels of the data set that a config names."""
    from mmdet.registry import DATASETS

    dataset = cfg.train_dataloader.dataset
    # One that mixes images stands around that which they come from.
    dataset = DATASETS.get(dataset.get('dataset', dataset).type)
    return len(dataset.METAINFO['classes'])


#: Experiments that have the head of a peer for their scene branch.
BORROWED = {'scanet_mobilenetv2_fpn_voc07-choose_windows': 'delta'}


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_parts_around_the_model_are_registered(path):
    cfg = load(path)
    mmscanet, *own = cfg.custom_imports.imports
    assert mmscanet == 'mmscanet'
    peer = path.parents[1].name if path in PEERS else BORROWED.get(path.stem)
    assert own == ([f'projects.{peer}.{peer}'] if peer else [])
    for hook in cfg.get('custom_hooks', []):
        assert HOOKS.build(hook)
    for step in cfg.train_dataloader.dataset.pipeline:
        assert TRANSFORMS.get(step.type), step
    evaluators = cfg.val_evaluator
    for metric in evaluators if isinstance(evaluators, list) else [evaluators]:
        assert METRICS.get(metric.type), metric
    hooks = cfg.default_hooks
    assert hooks.checkpoint.save_best == 'multi-label/mAP'


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_header_says_what_it_is(path):
    header = path.read_text().split('_base_')[0]
    assert header.startswith('# ')
    assert 'Expected' in header
    assert f'python tools/train.py {path.relative_to(REPOSITORY)}\n' in header
    if path.parent.name == 'ablations':
        assert header.startswith('# Ablation: ')


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_auto_scale_lr_changes_nothing_on_one_gpu(path):
    """The rate of a config is for its own batch size."""
    cfg = load(path)
    assert cfg.auto_scale_lr.base_batch_size == cfg.train_dataloader.batch_size


def test_the_paper_config_has_the_papers_settings():
    cfg = load(ROOT / 'scanet_x101_fpn_coco.py')
    optimizer = cfg.optim_wrapper.optimizer
    assert (optimizer.type, optimizer.lr) == ('SGD', 0.002)
    assert (optimizer.momentum, optimizer.weight_decay) == (0.5, 0.01)
    assert cfg.train_dataloader.batch_size == 2
    (resize,) = (s for s in cfg.train_pipeline if s.type == 'Resize')
    assert (resize.scale, resize.keep_ratio) == ((416, 416), False)
    backbone = cfg.model.backbone
    assert (backbone.type, backbone.depth) == ('ResNeXt', 101)
    assert (backbone.groups, backbone.base_width) == (64, 4)
    # Four stages of the pyramid feed the patches.
    roi_head = cfg.model.roi_head
    for extractor in (roi_head.bbox_roi_extractor, roi_head.context_roi_extractor):
        assert extractor.featmap_strides == [4, 8, 16, 32]


def test_each_ablation_changes_something():
    base = load(ROOT / 'scanet_x101_fpn_coco.py').to_dict()
    seen = []
    for path in SCANET:
        if path.parent.name == 'ablations':
            cfg = load(path).to_dict()
            assert cfg != base, path.name
            assert cfg not in seen, path.name
            seen.append(cfg)
    assert len(seen) > 15


@pytest.mark.parametrize('path', PEERS, ids=lambda path: path.stem)
def test_peers_differ_from_scanet_in_the_model_only(path):
    """The same images, augmentation, schedule, hooks and backbone."""
    _, _, rest = path.stem.partition(f'{path.parents[1].name}_')
    backbone, _, data = rest.partition('_')
    (twin,) = (
        other
        for other in SCANET
        if other.stem == f'scanet_{backbone}_fpn_{data.removesuffix(variant(data))}'
    )
    ours, theirs = load(path), load(twin)
    for key in (
        *('train_dataloader', 'val_dataloader', 'test_dataloader', 'train_cfg'),
        *('optim_wrapper', 'param_scheduler', 'default_hooks', 'env_cfg'),
    ):
        assert ours[key] == theirs[key], key
    assert ours.get('custom_hooks') == theirs.get('custom_hooks')
    assert ours.model.backbone == theirs.model.backbone
    assert ours.model.data_preprocessor == theirs.model.data_preprocessor
    assert ours.model.get('channels_last') == theirs.model.get('channels_last')
    assert 'MultiLabelMetric' in [metric.type for metric in ours.val_evaluator]
    assert ours.val_evaluator == ours.test_evaluator


def variant(data: str) -> str:
    """What comes after the data set in a config's name, such as ``_asl``."""
    return ''.join(data.partition('_')[1:])
