"""What the benchmark tools share: how often, where and in which precision is timed."""

from argparse import ArgumentParser, Namespace

import torch

from mmscanet.errors import UsageError

from .device import check_device
from .launch import not_negative, positive
from .measure import Setting


def add_timing_arguments(
    parser: ArgumentParser, repeats: int, batch_size: int = 8
) -> None:
    """Add how often is timed, by default ``repeats`` times, and on how many images."""
    parser.add_argument(
        '--batch-size', type=positive, default=batch_size, help='images of a batch'
    )
    parser.add_argument(
        '--repeats', type=positive, default=repeats, help='how often each is timed'
    )
    parser.add_argument(
        '--warmup', type=positive, default=2, help='how often each is run before'
    )


def add_device_arguments(parser: ArgumentParser) -> None:
    """Add where it is timed."""
    parser.add_argument('--device', default='cpu', help='cpu, cuda or cuda:N')
    add_threads_argument(parser)


def add_threads_argument(parser: ArgumentParser, default: int = 0) -> None:
    """Add the number of threads; 0 leaves torch's own."""
    parser.add_argument(
        '--threads', type=not_negative, default=default, help='CPU threads of torch'
    )


def add_dtype_argument(parser: ArgumentParser) -> None:
    """Add in which precision it is timed."""
    parser.add_argument(
        '--dtype',
        choices=['float32', 'bfloat16', 'float16'],
        default='float32',
        help='of convolutions and matrix products; float16 on a GPU only',
    )


def timing_setting(args: Namespace, shape: tuple[int, int]) -> Setting:
    """Return what the options ask for, and give torch its threads.

    Args:
        args: What :func:`add_timing_arguments` and :func:`add_device_arguments` add;
            :func:`add_dtype_argument` need not have been called.
        shape: (H, W), pixels of the network input.

    Raises:
        UsageError: The device is not here or lacks the precision.
    """
    check_device(args.device)
    dtype = getattr(args, 'dtype', 'float32')
    if dtype == 'float16' and not args.device.startswith('cuda'):
        raise UsageError('--dtype float16 needs a GPU; a CPU has bfloat16')
    if args.threads:
        torch.set_num_threads(args.threads)
    return Setting(shape, args.batch_size, args.device, args.threads, dtype)
