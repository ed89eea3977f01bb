"""Train a model: ``python tools/train.py CONFIG``."""

import logging
from argparse import ArgumentParser

import torch
from mmengine.config import Config, ConfigDict
from mmengine.hooks import Hook
from mmengine.registry import OPTIMIZERS
from mmengine.runner import Runner

from mmscanet.engine.allocator import keep_freed_memory
from mmscanet.engine.distributed import close_process_group, set_launcher
from mmscanet.engine.launch import (
    add_config_arguments,
    add_runner_arguments,
    add_tensorboard,
    explain_unusable_config,
    load_config,
    not_negative,
    report_usage_errors,
    set_work_dir,
)
from mmscanet.engine.resume import RequireSameTraining, last_checkpoint, skip_pretrained
from mmscanet.engine.weights import check_checkpoint, explain_missing_weights
from mmscanet.errors import ConfigError, UsageError, require_writable_folder

NEEDS = ('model', 'train_dataloader', 'train_cfg', 'optim_wrapper')
MIXED_WRAPPERS = ('AmpOptimWrapper', 'Bfloat16OptimWrapper')
STOPPED = 'stopped; the same command with --resume goes on from the last checkpoint'


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = ArgumentParser(description='Train a model.')
    add_config_arguments(parser)
    add_runner_arguments(parser)
    parser.add_argument(
        '--amp',
        action='store_true',
        help='mixed precision: bfloat16, or float16 on a GPU without it; slow on a CPU '
        'without it (avx512_bf16)',
    )
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate with the total batch size',
    )
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='go on from a checkpoint; alone: from the last one in the working folder',
    )
    parser.add_argument(
        '--seed', type=not_negative, help='seed of every random generator'
    )
    parser.add_argument(
        '--tensorboard', action='store_true', help='write TensorBoard events too'
    )
    return parser


def enable_amp(cfg: Config) -> None:
    """Switch the optimiser to automatic mixed precision, if it is not yet."""
    wrapper = cfg.optim_wrapper
    kind = wrapper.get('type', 'OptimWrapper')
    if kind == 'AmpOptimWrapper' and not torch.cuda.is_available():
        raise UsageError(
            '--amp: optim_wrapper.type AmpOptimWrapper needs a GPU, and none was '
            'found; Bfloat16OptimWrapper does not'
        )
    if kind in MIXED_WRAPPERS:
        return
    if kind != 'OptimWrapper':
        raise UsageError(f'--amp: cannot replace optim_wrapper.type {kind}')
    if _has_bfloat16():
        wrapper.type = 'Bfloat16OptimWrapper'
    else:
        wrapper.update(type='AmpOptimWrapper', loss_scale='dynamic')


def _has_bfloat16() -> bool:
    """Tell whether the device that will train knows the type; a CPU always does."""
    return not torch.cuda.is_available() or torch.cuda.is_bf16_supported(
        including_emulation=False
    )


def enable_auto_scale_lr(cfg: Config) -> None:
    """Let the runner scale the learning rate to the batch size."""
    if 'base_batch_size' not in cfg.get('auto_scale_lr', {}):
        raise UsageError('--auto-scale-lr: the config has no auto_scale_lr settings')
    cfg.auto_scale_lr.enable = True


def set_resume(cfg: Config, resume: str) -> None:
    """Resume from a checkpoint, or from the last one of the working folder.

    With nothing to resume yet, ``auto`` starts the run as the config says, so that
    one command serves the first start and every restart.
    """
    if resume == 'auto':
        resume = last_checkpoint(cfg.work_dir)
        if resume is None:
            return
    else:
        check_checkpoint(resume)
    cfg.resume, cfg.load_from = True, resume


def check_optimizer(cfg: Config) -> None:
    """Name an optimiser that is none; mmengine says that None cannot be called."""
    kind = cfg.optim_wrapper.get('optimizer', {}).get('type')
    if isinstance(kind, str) and OPTIMIZERS.get(kind) is None:
        raise ConfigError(f'optim_wrapper.optimizer.type: there is no optimiser {kind}')


class SayIfFinished(Hook):
    """Say that a resumed run has nothing left to do; mmengine ends without a word."""

    def before_train(self, runner: Runner) -> None:
        """Compare what is done with what the config asks for."""
        if runner.iter >= runner.max_iters:
            runner.logger.info(
                f'The run in {runner.work_dir} is finished: {runner.epoch} epochs. To '
                'train for longer, raise train_cfg.max_epochs.'
            )


def is_worth_a_line(record: logging.LogRecord) -> bool:
    """Keep what mmengine says of each parameter's settings out of the log.

    Hundreds of lines, which the config has too, would hide what is warned of.
    """
    return not record.getMessage().startswith('paramwise_options -- ')


def run(cfg: Config) -> None:
    """Train as the config says."""
    if not torch.cuda.is_available():
        keep_freed_memory()
    with explain_unusable_config() as all_is_built, explain_missing_weights(cfg):
        check_optimizer(cfg)
        runner = Runner.from_cfg(cfg)
        runner.logger.addFilter(is_worth_a_line)
        runner.register_hook(all_is_built)
        runner.register_hook(SayIfFinished())
        runner.register_hook(RequireSameTraining())
        if cfg.get('resume'):
            skip_pretrained(runner.model)
        runner.train()


def main() -> None:
    """Run the command."""
    args = build_parser().parse_args()
    with report_usage_errors(STOPPED):
        cfg = load_config(args.config, args.cfg_options, args.data_root, NEEDS)
        set_work_dir(cfg, args.work_dir, args.config)
        require_writable_folder(cfg.work_dir)
        if args.amp:
            enable_amp(cfg)
        if args.auto_scale_lr:
            enable_auto_scale_lr(cfg)
        if args.resume is None and cfg.get('resume') and not cfg.get('load_from'):
            args.resume = 'auto'  # mmengine's way to say it
        if args.resume is not None:
            set_resume(cfg, args.resume)
        elif cfg.get('load_from'):
            check_checkpoint(cfg.load_from)
        if args.seed is not None:
            cfg.randomness = ConfigDict(cfg.get('randomness', {}), seed=args.seed)
        if args.tensorboard:
            add_tensorboard(cfg)
        set_launcher(cfg, args.launcher, args.local_rank)
        run(cfg)
        close_process_group()


if __name__ == '__main__':
    main()
