"""Write pictures of a data set with boxes and labels, as training sees them.

Boxes that are not trained on (crowd, difficult) are dashed. Under the picture stand
the labels of the image and those that are not scored.
"""

from argparse import ArgumentParser
from pathlib import Path

import mmcv
import numpy as np
from mmdet.registry import DATASETS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.utils import ProgressBar
from torch.utils.data import Dataset

from mmscanet.engine.launch import (
    add_config_arguments,
    explain_unusable_config,
    load_config,
    positive,
    report_usage_errors,
)
from mmscanet.errors import UsageError, require_writable_folder
from mmscanet.visualization import EvidenceVisualizer


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    add_config_arguments(parser)
    parser.add_argument('--output-dir', default='browse', metavar='DIR')
    parser.add_argument('--split', choices=['train', 'val', 'test'], default='train')
    parser.add_argument('--max-images', type=positive, default=20)
    return parser


def build_dataset(cfg: Config, split: str) -> Dataset:
    """Build the data set of one loader of a config.

    Raises:
        UsageError: The config has no such loader, or no such data set exists.
    """
    loader = cfg.get(f'{split}_dataloader')
    if loader is None:
        raise UsageError(f'--split {split}: the config has no {split}_dataloader')
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    with explain_unusable_config():
        return DATASETS.build(loader.dataset)


def write_pictures(dataset: Dataset, folder: Path, max_images: int) -> None:
    """Draw the first images of a data set and write them into a folder."""
    visualizer = EvidenceVisualizer()
    visualizer.dataset_meta = dataset.metainfo
    count = min(max_images, len(dataset))
    bar = ProgressBar(count)
    for index in range(count):
        item = dataset[index]
        image = item['inputs'].permute(1, 2, 0).numpy()[..., ::-1]  # BGR to RGB
        # Steps that change colours leave fractions.
        image = image.clip(0, 255).astype(np.uint8)
        sample = item['data_samples']
        drawn = visualizer.draw_truth(image, sample)
        # Names may take 255 bytes, and four of them a letter.
        name = Path(sample.img_path).stem[:60]
        mmcv.imwrite(drawn[..., ::-1], str(folder / f'{index:05d}_{name}.jpg'))
        bar.update()
    print(f'\nwritten: {count} pictures in {folder}')


def main() -> None:
    """Run the command."""
    args = build_parser().parse_args()
    with report_usage_errors():
        cfg = load_config(args.config, args.cfg_options, args.data_root)
        require_writable_folder(args.output_dir)
        dataset = build_dataset(cfg, args.split)
        write_pictures(dataset, Path(args.output_dir), args.max_images)


if __name__ == '__main__':
    main()
