"""Write pictures of a data set with boxes and labels, as training sees them.

Boxes that are not trained on (crowd, difficult) are dashed. Under the picture stand
the labels of the image and those that are not scored.
"""

import copy
import textwrap
from argparse import ArgumentParser
from pathlib import Path

import mmcv
import numpy as np
from mmdet.registry import DATASETS
from mmdet.structures import DetDataSample
from mmdet.visualization import DetLocalVisualizer
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.utils import ProgressBar
from torch.utils.data import Dataset

from mmscanet.engine.launch import (
    add_config_arguments,
    load_config,
    report_usage_errors,
)
from mmscanet.errors import UsageError, require_writable_folder

MIN_WIDTH = 480  # pixels; narrower pictures are enlarged so that labels can be read
LINE_HEIGHT = 22  # pixels, of the strip under the picture


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    add_config_arguments(parser)
    parser.add_argument('--output-dir', default='browse', metavar='DIR')
    parser.add_argument('--split', choices=['train', 'val', 'test'], default='train')
    parser.add_argument('--max-images', type=int, default=20)
    return parser


def build_dataset(cfg: Config, split: str) -> Dataset:
    """Build the data set of one loader of a config.

    Raises:
        UsageError: The config has no such loader.
    """
    loader = cfg.get(f'{split}_dataloader')
    if loader is None:
        raise UsageError(f'--split {split}: the config has no {split}_dataloader')
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    return DATASETS.build(loader.dataset)


def label_text(sample: DetDataSample, classes: tuple[str, ...]) -> str:
    """Write the labels of an image: those present, and those not scored."""
    scores = np.asarray(sample.gt_score)
    if len(scores) != len(classes):
        raise ValueError(f'gt_score has {len(scores)} cells, not {len(classes)}')
    present = [name for name, s in zip(classes, scores, strict=True) if s == 1]
    skipped = [name for name, s in zip(classes, scores, strict=True) if s == -1]
    text = f'labels: {", ".join(present) or "none"}'
    return text + (f'; not scored: {", ".join(skipped)}' if skipped else '')


def draw(
    visualizer: DetLocalVisualizer, image: np.ndarray, sample: DetDataSample
) -> np.ndarray:
    """Draw boxes, and a strip of labels under the picture.

    Args:
        visualizer: With the data set's ``dataset_meta``.
        image: (H, W, 3), RGB, uint8.
        sample: Boxes in pixels of ``image``; ``gt_score`` (C,).

    Returns:
        (H', W', 3), RGB, uint8.
    """
    classes = visualizer.dataset_meta['classes']
    scale = max(MIN_WIDTH / image.shape[1], 1.0)
    image = np.ascontiguousarray(mmcv.imrescale(image, scale))
    sample = copy.deepcopy(sample)
    for instances in (sample.gt_instances, sample.get('ignored_instances')):
        if instances is not None and len(instances) > 0:
            instances.bboxes = getattr(instances.bboxes, 'tensor', instances.bboxes)
            instances.bboxes = instances.bboxes * scale
    drawn = visualizer._draw_instances(
        image, sample.gt_instances, classes, visualizer.dataset_meta.get('palette')
    )
    ignored = sample.get('ignored_instances')
    if ignored is not None and len(ignored) > 0:
        visualizer.set_image(drawn)
        visualizer.draw_bboxes(ignored.bboxes, edge_colors='white', line_styles='--')
        visualizer.draw_texts(
            [f'{classes[label]} (ignored)' for label in ignored.labels],
            ignored.bboxes[:, :2],
            colors='white',
            bboxes=dict(facecolor='black', alpha=0.7, pad=0.7, edgecolor='none'),
        )
        drawn = visualizer.get_image()
    lines = textwrap.wrap(label_text(sample, classes), width=drawn.shape[1] // 9)
    strip = np.zeros((LINE_HEIGHT * len(lines) + 8, drawn.shape[1], 3), np.uint8)
    drawn = np.vstack([drawn, strip])
    visualizer.set_image(drawn)
    for row, line in enumerate(lines):
        y = drawn.shape[0] - len(strip) + 4 + row * LINE_HEIGHT
        visualizer.draw_texts(
            line, np.array([6, y]), font_sizes=13, colors='white', font_families='sans'
        )
    return visualizer.get_image()


def write_pictures(dataset: Dataset, folder: Path, max_images: int) -> None:
    """Draw the first images of a data set and write them into a folder."""
    visualizer = DetLocalVisualizer()
    visualizer.dataset_meta = dataset.metainfo
    count = min(max_images, len(dataset))
    bar = ProgressBar(count)
    for index in range(count):
        item = dataset[index]
        image = item['inputs'].permute(1, 2, 0).numpy()[..., ::-1]  # BGR to RGB
        sample = item['data_samples']
        drawn = draw(visualizer, image, sample)
        name = Path(sample.img_path).stem
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
