"""Measure a trained model: ``python tools/test.py CONFIG CHECKPOINT``."""

from argparse import ArgumentParser

from mmdet.engine.hooks.utils import trigger_visualization_hook
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.hooks.test_time_aug_hook import build_runner_with_tta
from mmengine.runner import Runner

from mmscanet.engine.distributed import bare_model, close_process_group, set_launcher
from mmscanet.engine.launch import (
    add_config_arguments,
    add_runner_arguments,
    explain_unusable_config,
    load_config,
    report_usage_errors,
    set_work_dir,
)
from mmscanet.engine.test_time_aug import set_test_time_aug
from mmscanet.engine.weights import (
    check_checkpoint,
    check_state_dict,
    explain_missing_weights,
)
from mmscanet.errors import (
    UsageError,
    require_writable_file,
    require_writable_folder,
)

NEEDS = ('model', 'test_dataloader', 'test_evaluator', 'test_cfg')


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = ArgumentParser(description='Measure a trained model.')
    add_config_arguments(parser)
    parser.add_argument('checkpoint', help='checkpoint file or URL')
    add_runner_arguments(parser)
    parser.add_argument(
        '--out',
        metavar='FILE.npz',
        help='write scores and ground truth, to be measured again later',
    )
    parser.add_argument(
        '--tta',
        action='store_true',
        help='predict each image from three sizes of it: about three times the work',
    )
    parser.add_argument('--show', action='store_true', help='show pictures in a window')
    parser.add_argument(
        '--show-dir',
        metavar='DIR',
        help='save pictures in DIR, below the run of the working folder; of several '
        'processes the first saves its share',
    )
    parser.add_argument(
        '--wait-time', type=float, default=2, help='seconds between shown pictures'
    )
    return parser


def set_out_file(cfg: Config, out: str) -> None:
    """Make the config's MultiLabelMetric write its scores to ``out``."""
    if not out.endswith('.npz'):
        raise UsageError(f'--out {out}: the name must end in .npz')
    evaluators = cfg.get('test_evaluator') or []
    if isinstance(evaluators, dict):
        evaluators = [evaluators]
    metrics = [each for each in evaluators if each['type'] == 'MultiLabelMetric']
    if len(metrics) != 1:
        raise UsageError(
            f'--out: test_evaluator has {len(metrics)} MultiLabelMetric, not one'
        )
    require_writable_file(out)
    metrics[0].out_file = out


class RequireFullCheckpoint(Hook):
    """Refuse a checkpoint of another model, see :func:`check_state_dict`."""

    priority = 'LOWEST'  # after hooks that rewrite the checkpoint (EMA)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare names and shapes."""
        check_state_dict(bare_model(runner), checkpoint.get('state_dict', checkpoint))


def run(cfg: Config, tta: bool = False) -> None:
    """Measure the checkpoint that ``cfg.load_from`` names, on several views or one."""
    with explain_unusable_config() as all_is_built, explain_missing_weights(cfg):
        runner = build_runner_with_tta(cfg) if tta else Runner.from_cfg(cfg)
        runner.register_hook(all_is_built)
        runner.register_hook(RequireFullCheckpoint())
        runner.test()


def main() -> None:
    """Run the command."""
    args = build_parser().parse_args()
    with report_usage_errors():
        cfg = load_config(args.config, args.cfg_options, args.data_root, NEEDS)
        check_checkpoint(args.checkpoint)
        cfg.load_from, cfg.resume = args.checkpoint, False
        set_work_dir(cfg, args.work_dir, args.config)
        require_writable_folder(cfg.work_dir)
        if args.out is not None:
            set_out_file(cfg, args.out)
        if args.show or args.show_dir:
            trigger_visualization_hook(cfg, args)
        if args.tta:
            set_test_time_aug(cfg)
        set_launcher(cfg, args.launcher, args.local_rank)
        run(cfg, args.tta)
        close_process_group()


if __name__ == '__main__':
    main()
