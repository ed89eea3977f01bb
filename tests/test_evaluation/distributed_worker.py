"""One of two gloo processes that evaluate a data set together.

Run by test_multi_label_metric.py: ``distributed_worker.py RANK FOLDER``.
"""

import json
import sys
from pathlib import Path

import torch
from mmengine.dist import all_reduce, get_world_size
from mmengine.evaluator import Evaluator

from mmscanet.evaluation import MultiLabelMetric


def evaluate_share(share: list[dict], size: int, out_file: Path) -> dict[str, float]:
    """Evaluate this process's share of a data set of ``size`` images."""
    evaluator = Evaluator([MultiLabelMetric(out_file=str(out_file))])
    evaluator.dataset_meta = dict(classes=('cat', 'dog', 'bird', 'fish'))
    for sample in share:
        evaluator.process([sample])
    return evaluator.evaluate(size)


def main() -> None:
    """Evaluate two ways of sharing out, write the figures this process got."""
    rank, folder = int(sys.argv[1]), Path(sys.argv[2])
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{folder / "store"}', rank=rank, world_size=2
    )
    # Both processes are really there.
    both = torch.ones(1)
    all_reduce(both)
    assert get_world_size() == both.item() == 2

    samples = torch.load(folder / 'samples.pth', weights_only=False)
    shares = dict(
        # One process has far fewer images, and they are not dealt out in turn.
        uneven=samples[:4] if rank == 0 else samples[4:],
        # As mmengine's DefaultSampler: in turn, the first image again at the
        # end to even out the odd number.
        padded=(samples + samples[:1])[rank::2],
    )
    figures = {
        name: evaluate_share(share, len(samples), folder / f'{name}.npz')
        for name, share in shares.items()
    }
    (folder / f'figures{rank}.json').write_text(json.dumps(figures))
    torch.distributed.destroy_process_group()


if __name__ == '__main__':
    main()
