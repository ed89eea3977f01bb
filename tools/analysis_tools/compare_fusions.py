"""Measure every way of fusing and pooling on the same patches of one trained SCANet.

What is done after the branches have scored the patches (``SCAFusion``) needs no new
training: each image is scored once and its labels are made in all ways. Each row
changes one setting of the model's own.
"""

import copy
import sys
from argparse import ArgumentParser, Namespace
from collections import defaultdict
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.runner import Runner, load_checkpoint
from mmengine.structures import InstanceData
from torch import Tensor

from mmscanet.engine.launch import (
    add_config_arguments,
    explain_unusable_config,
    load_config,
    report_usage_errors,
    set_work_dir,
)
from mmscanet.engine.weights import check_checkpoint, check_state_dict
from mmscanet.errors import ConfigError, DataError, UsageError, require_writable_file
from mmscanet.evaluation import ScoreTable, compute_figures
from mmscanet.evaluation.report import draw_table, format_number
from mmscanet.files import write_json
from mmscanet.models import SCAFusion, SCANet
from mmscanet.models.roi_heads.sca_fusion import scores_of

NEEDS = ('model', 'test_dataloader', 'test_evaluator', 'test_cfg')
OWN = 'as it is'
CHANGES: list[dict[str, Any]] = [
    *(dict(fuse=fuse) for fuse in ('mean', 'max', 'product')),
    *(dict(pool=pool) for pool in ('max', 'topk', 'noisy_or')),
    *(dict(pool='topk', topk=topk) for topk in (10, 30)),
    *(dict(objectness=objectness) for objectness in ('select', 'multiply')),
    *(dict(num_patches=number) for number in (1, 5, 10, 20, 50, 100, 300)),
    *(dict(scene_weight=weight) for weight in (0.0, 0.25, 0.5, 0.75, 1.0)),
]
FIGURES = ('mAP', 'mAP_small', 'mAP_medium', 'mAP_large', 'CF1', 'OF1')


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    add_config_arguments(parser)
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--json', type=Path, help='also write the figures here')
    return parser.parse_args()


def variants(own: SCAFusion, with_scene: bool) -> dict[str, SCAFusion]:
    """Fusions by what is changed, the model's own first; none that repeats it.

    A learned fusion keeps its weights where ``fuse`` is not what is changed.
    """
    settings = dict(
        fuse=own.fuse_mode,
        pool=own.pool_mode,
        objectness=own.objectness,
        topk=own.topk,
        num_patches=own.num_patches,
        scene_weight=own.scene_weight,
    )
    found = {OWN: own}
    for change in CHANGES:
        if 'scene_weight' in change and not with_scene:
            continue
        if change.items() <= settings.items():
            continue
        learned = getattr(own, 'logit_weight', torch.empty(0))
        fusion = SCAFusion(len(learned), **{**settings, **change})
        fusion.load_state_dict(own.state_dict(), strict=False)
        fusion.to(learned.device)
        name = ', '.join(f'{key}={value}' for key, value in change.items())
        found[name] = fusion
    return found


def image_scores(patches: InstanceData, fusion: SCAFusion, whole_image: bool) -> Tensor:
    """Label scores (C,) of an image whose patches (N) were all scored.

    Args:
        patches: From :meth:`SCANet.score_patches` with more patches than there are.
        fusion: How to choose, fuse and pool them.
        whole_image: Whether the last patch is the image, which always counts.
    """
    count = len(patches) - whole_image
    chosen = fusion.select(patches.objectness[:count])
    whole = torch.arange(count, len(patches), device=chosen.device)
    patches = patches[torch.cat((chosen, whole))]
    scores = scores_of(patches)
    if fusion.objectness == 'multiply':
        for name in scores.keys() - {'scene_scores'}:
            scores[name] = scores[name] * patches.objectness[:, None]
    return fusion.image_scores(**scores)['score']


def load_model(runner: Runner) -> SCANet:
    """Return the runner's model with the weights of the checkpoint.

    Raises:
        UsageError: The checkpoint is of another model, or the model no SCANet.
    """
    model = runner.model
    if not isinstance(model, SCANet):
        raise ConfigError(f'only a SCANet has patches, not {type(model).__name__}')
    # Not the runner's own way: that has hooks take part which only a run sets up.
    checkpoint = load_checkpoint(model, runner.cfg.load_from, map_location='cpu')
    check_state_dict(model, checkpoint.get('state_dict', checkpoint))
    return model.eval()


@torch.no_grad()
def compare(cfg: Config) -> dict[str, dict[str, float]]:
    """Return the figures of each variant by its name."""
    with explain_unusable_config():
        runner = Runner.from_cfg(cfg)
        loader = runner.test_dataloader
    model = load_model(runner)
    head = model.roi_head
    fusions = variants(copy.deepcopy(head.fusion), head.with_scene)
    # All patches are scored, and objectness becomes a factor only later.
    head.fusion.num_patches, head.fusion.objectness = sys.maxsize, 'select'
    records = defaultdict(list)
    for data in loader:
        data = model.data_preprocessor(data, False)
        samples = data['data_samples']
        patches_list = model.score_patches(data['inputs'], samples)
        for sample, patches in zip(samples, patches_list, strict=True):
            truth = {
                'img_id': sample.img_id,
                'gt_score': sample.gt_score.cpu().numpy(),
                'gt_area': sample.gt_area.cpu().numpy(),
            }
            for name, fusion in fusions.items():
                scores = image_scores(patches, fusion, head.predicts_whole_image)
                record = dict(truth, pred_score=scores.cpu().numpy())
                records[name].append(record)
    if not records:
        raise UsageError('the test set has no image')
    names = [str(label) for label in range(head.num_classes)]
    try:
        return {
            name: compute_figures(ScoreTable.from_records(rows, names))
            for name, rows in records.items()
        }
    except ValueError as error:
        raise DataError(f'the test set cannot be measured: {error}') from error


def main() -> None:
    """Run the command."""
    args = parse_args()
    with report_usage_errors():
        cfg = load_config(args.config, args.cfg_options, args.data_root, NEEDS)
        check_checkpoint(args.checkpoint)
        if args.json is not None:
            require_writable_file(args.json, '.json')
        cfg.load_from = args.checkpoint
        set_work_dir(cfg, None, args.config)
        found = compare(cfg)
        head = ['', *FIGURES]
        rows = [
            [name, *(format_number(figures.get(each)) for each in FIGURES)]
            for name, figures in found.items()
        ]
        print(draw_table([[head, *rows]]))
        if args.json is not None:
            write_json(args.json, found)


if __name__ == '__main__':
    main()
