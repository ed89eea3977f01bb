"""What is measured of a model on random images: its tasks, FLOPs and memory."""

import copy
import multiprocessing
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode, conv_flop_count

from mmscanet.errors import ConfigError

from .feature_cache import FeatureCache
from .hooks.staged_training_hook import freeze
from .launch import explain_unusable_config

Batch = tuple[Tensor, list[DetDataSample]]


@dataclass(frozen=True)
class Setting:
    """What a measurement is taken on.

    Attributes:
        shape: (H, W), pixels of the network input.
        batch_size: B.
        device: As torch names it.
        threads: Of torch, on the CPU; 0 leaves torch's own number.
        dtype: Of convolutions and matrix products: ``float32``, or under autocast
            ``bfloat16`` or (on a GPU) ``float16``.
        channels_last: Memory format of the convolutions; None is the config's own.
        compiled: Whether ``torch.compile`` makes backbone and neck.
    """

    shape: tuple[int, int] = (416, 416)
    batch_size: int = 2
    device: str = 'cpu'
    threads: int = 0
    dtype: str = 'float32'
    channels_last: bool | None = None
    compiled: bool = False

    @property
    def images(self) -> str:
        """What the model is given, in words."""
        height, width = self.shape
        return f'batches of {self.batch_size} images, {height} x {width}'

    @property
    def ways(self) -> str:
        """How it runs, in words."""
        ways = [self.dtype]
        if self.channels_last is not None:
            ways.append('channels last' if self.channels_last else 'channels first')
        if self.compiled:
            ways.append('backbone and neck compiled')
        return ', '.join(ways)

    def autocast(self) -> torch.autocast:
        """What a forward pass runs in."""
        dtype = getattr(torch, self.dtype)
        return torch.autocast(
            torch.device(self.device).type, dtype, enabled=dtype != torch.float32
        )


def without_weights(model_cfg: ConfigDict) -> ConfigDict:
    """Return a copy that needs no download: weights change neither time nor memory."""
    model_cfg = copy.deepcopy(model_cfg)
    model_cfg.backbone.init_cfg = None
    model_cfg.backbone.pop('pretrained', None)
    return model_cfg


def faster_rcnn_twin(model_cfg: ConfigDict, same_patches: bool = False) -> ConfigDict:
    """Return mmdet's Faster R-CNN with the backbone, neck and RPN of a SCANet.

    Args:
        model_cfg: The SCANet's ``model``.
        same_patches: Sample and propose as many patches as the SCANet does; otherwise
            everything after the RPN's layers is as mmdet has it.
    """
    for part in ('backbone', 'neck', 'rpn_head', 'roi_head'):
        if part not in model_cfg:
            raise ConfigError(
                f'a {model_cfg.type} without {part} has no Faster R-CNN to be held '
                'against: name a SCANet'
            )
    twin = Config.fromfile(_mmdet_config('_base_/models/faster-rcnn_r50_fpn.py')).model
    for part in ('data_preprocessor', 'backbone', 'neck', 'rpn_head'):
        twin[part] = copy.deepcopy(model_cfg[part])
    ours, theirs = model_cfg.roi_head, twin.roi_head
    theirs.bbox_roi_extractor = copy.deepcopy(ours.bbox_roi_extractor)
    theirs.bbox_head.num_classes = ours.bbox_head.num_classes
    for field in ('in_channels', 'fc_out_channels', 'roi_feat_size'):
        if field in ours.bbox_head:
            theirs.bbox_head[field] = ours.bbox_head[field]
    if same_patches:
        twin.train_cfg.rpn_proposal = copy.deepcopy(model_cfg.train_cfg.rpn_proposal)
        twin.train_cfg.rcnn.sampler.num = model_cfg.train_cfg.rcnn.sampler.num
        twin.test_cfg.rpn = copy.deepcopy(model_cfg.test_cfg.rpn)
    return twin


def _mmdet_config(name: str) -> Path:
    """Return the path of a config that mmdet ships, installed or in a checkout."""
    import mmdet

    package = Path(mmdet.__file__).parent
    for root in (package / '.mim' / 'configs', package.parent / 'configs'):
        if (root / name).is_file():
            return root / name
    raise FileNotFoundError(f'mmdet at {package} has no configs/{name}')


def build(model_cfg: ConfigDict, device: str = 'cpu') -> nn.Module:
    """Build a model with seeded random weights.

    Raises:
        ConfigError: The config asks for what there is not.
    """
    init_default_scope('mmdet')
    torch.manual_seed(0)
    with explain_unusable_config():
        model = MODELS.build(without_weights(model_cfg))
    return model.to(device)


def build_for(setting: Setting, model_cfg: ConfigDict) -> nn.Module:
    """Build a model as :func:`build` does, in the memory format of a setting.

    Raises:
        ConfigError: The model cannot choose its memory format, as mmdet's own.
    """
    if setting.channels_last is None:
        return build(model_cfg, setting.device)
    try:
        chosen = ConfigDict(model_cfg, channels_last=setting.channels_last)
        return build(chosen, setting.device)
    except ConfigError as error:
        if 'channels_last' not in str(error):
            raise
        raise ConfigError(
            f'{model_cfg.type} has no channels_last: take a model of mmscanet or of '
            'projects'
        ) from error


def compile_layers(model: nn.Module) -> None:
    """Let ``torch.compile`` make backbone and neck, at their next call.

    What follows them, proposals and what is made of them, differs in number from image
    to image and is left as it is.
    """
    import torch._dynamo  # takes a while, and few callers need it

    # Each model, mode and precision is compiled for itself; past its own limit of
    # eight torch would go on uncompiled.
    torch._dynamo.config.recompile_limit = 1000
    torch._dynamo.config.accumulated_recompile_limit = 1000
    for name in ('backbone', 'neck'):
        part = getattr(model, name, None)
        if part is not None:
            part.compile()


def count_labels(model_cfg: ConfigDict) -> int:
    """Return C of a peer that reads the whole image, or of a detector."""
    head = model_cfg.get('head') or model_cfg.roi_head.bbox_head
    return head.num_classes


def random_batch(setting: Setting, num_classes: int, boxes: int = 8) -> Batch:
    """Return seeded random images and boxes, as a data preprocessor gives them.

    Returns:
        Images (B, 3, H, W), and for each a sample with ``boxes`` boxes (n, 4) in
        pixels of the input, their labels, ``gt_score`` (C,) and ``gt_area`` (C,).
    """
    rng = np.random.default_rng(0)
    height, width = setting.shape
    images = rng.normal(size=(setting.batch_size, 3, height, width))
    samples = []
    for _ in range(setting.batch_size):
        size = np.array([width, height])
        extent = rng.uniform(0.05, 0.5, (boxes, 2)) * size
        corner = rng.uniform(0, 1, (boxes, 2)) * (size - extent)
        labels = rng.integers(num_classes, size=boxes)
        gt = InstanceData(
            bboxes=torch.tensor(np.hstack([corner, corner + extent])).float(),
            labels=torch.tensor(labels),
        )
        sample = DetDataSample(
            metainfo=dict(
                img_shape=setting.shape,
                ori_shape=setting.shape,
                pad_shape=setting.shape,
                batch_input_shape=setting.shape,
                scale_factor=(1.0, 1.0),
            )
        )
        sample.gt_instances = gt
        sample.ignored_instances = InstanceData(
            bboxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.long)
        )
        present = np.isin(np.arange(num_classes), labels)
        sample.gt_score = torch.tensor(present.astype(np.int8))
        sample.gt_area = torch.tensor(present.astype(np.float32)) * 1000
        samples.append(sample.to(setting.device))
    return torch.tensor(images, dtype=torch.float32, device=setting.device), samples


def make_tasks(
    model: nn.Module,
    batch: Batch,
    cache: FeatureCache | None = None,
    setting: Setting = Setting(),
) -> dict[str, Callable[[], object]]:
    """Return what is measured on a model, by name.

    ``train`` is a forward and a backward pass and a step of SGD; ``train_frozen`` the
    same with the backbone frozen as ``StagedTrainingHook`` does it; ``train_cached``
    that again with the backbone's ``cache``, if there is one; ``predict`` ends with
    boxes; ``predict_labels``, where the model has it, with labels alone.
    """
    inputs, samples = batch
    # Predictions are put into samples of their own, again and again: a copy each time
    # would be measured too.
    asked = copy.deepcopy(samples)
    place: Path | None = None
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-6, momentum=0.5)

    def train() -> None:
        model.train()
        step()

    def train_frozen() -> None:
        model.train()
        freeze_and(step)

    def freeze_and(run: Callable[[], object]) -> None:
        trainable = freeze(model.backbone)
        run()
        for param in trainable:
            param.requires_grad_(True)

    def train_cached() -> None:
        nonlocal place
        if place is None:
            # Once, as in an epoch. Later the batch is in the folder.
            freeze_and(cache.open)
            place = cache.place
        cache.place = place
        train_frozen()
        cache.close()

    def step() -> None:
        optimizer.zero_grad()
        with setting.autocast():
            loss, _ = model.parse_losses(model.loss(inputs, samples))
        loss.backward()
        optimizer.step()

    @torch.no_grad()
    def predict() -> None:
        model.eval()
        with setting.autocast():
            model.predict(inputs, asked)

    @torch.no_grad()
    def predict_labels() -> None:
        model.eval()
        with setting.autocast():
            model.predict_labels(inputs, asked)

    tasks = dict(train=train, train_frozen=train_frozen, predict=predict)
    if cache is not None:
        tasks['train_cached'] = train_cached
    if hasattr(model, 'predict_labels'):
        tasks['predict_labels'] = predict_labels
    return tasks


def count_flops(task: Callable[[], object]) -> int:
    """Count the floating-point operations of a task; a multiply-add is two.

    Matrix products and convolutions are counted; RoIAlign, suppression and
    element-wise work are not.
    """
    corrected = {torch.ops.aten.convolution_backward: _conv_backward_flops}
    with FlopCounterMode(display=False, custom_mapping=corrected) as counter:
        task()
    return counter.get_total_flops()


def _conv_backward_flops(
    grad_out_shape: Sequence[int],
    x_shape: Sequence[int],
    w_shape: Sequence[int],
    *args: object,
    out_shape: object = None,
) -> int:
    """Count a convolution's backward pass: once more for the input, and the weights.

    torch's own count takes no notice of groups and gives a depthwise convolution of C
    channels C times as much.
    """
    *_, transposed, _output_padding, _groups, wanted = args
    forward = conv_flop_count(x_shape, w_shape, grad_out_shape, transposed)
    return forward * sum(wanted[:2])


def peak_memory(model_cfg: ConfigDict, task: str, setting: Setting) -> int | None:
    """Measure a task's peak memory, in bytes, in a fresh process of its own.

    How far it grows beyond the built model and batch in two runs of the task: on CUDA
    what torch has allocated, on a CPU (Linux) the resident set; None where the system
    does not tell.
    """
    with multiprocessing.get_context('spawn').Pool(1) as pool:
        return pool.apply(_peak_memory, (model_cfg.to_dict(), task, setting))


def _peak_memory(model_cfg: dict, task: str, setting: Setting) -> int | None:
    if setting.threads:
        torch.set_num_threads(setting.threads)
    cfg = ConfigDict(model_cfg)
    model = build_for(setting, cfg)
    if setting.compiled:
        compile_layers(model)
    batch = random_batch(setting, count_labels(cfg))
    run = make_tasks(model, batch, setting=setting)[task]
    on_gpu = setting.device.startswith('cuda')
    if on_gpu:
        torch.cuda.reset_peak_memory_stats(setting.device)
        before = torch.cuda.memory_allocated(setting.device)
    else:
        before = _status_bytes('VmRSS')
    run()
    run()
    if on_gpu:
        peak = torch.cuda.max_memory_allocated(setting.device)
    else:
        # Not getrusage: a new process inherits the peak of the one that started it.
        peak = resident_peak()
    return None if before is None or peak is None else max(peak - before, 0)


def resident_peak() -> int | None:
    """Return the peak of this process's resident set, in bytes; None if unknown."""
    return _status_bytes('VmHWM')


def _status_bytes(field: str) -> int | None:
    """Read the resident set (``VmRSS``) or its peak (``VmHWM``) of this process."""
    status = Path('/proc/self/status')
    if not status.exists():
        return None
    found = re.search(rf'^{field}:\s+(\d+) kB', status.read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else None
