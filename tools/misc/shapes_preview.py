"""Draw a sheet of ContextShapes scenes with their boxes: the picture in the docs.

``python tools/misc/shapes_preview.py docs/images/context_shapes.png``
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from mmscanet.datasets import ContextShapesDataset
from mmscanet.datasets.context_shapes import ContextShapesSpec, make_image

ZOOM = 2
#: Colours are rounded to multiples of this: noise would triple the file's size.
COARSE = 24


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('out', type=Path, help='the picture to write, .png')
    parser.add_argument('--split', choices=('train', 'val'), default='train')
    parser.add_argument('--first', type=int, default=0, help='number of the first')
    parser.add_argument('--rows', type=int, default=2)
    parser.add_argument('--columns', type=int, default=4)
    return parser.parse_args()


def panel(spec: ContextShapesSpec, split: str, index: int) -> np.ndarray:
    """One enlarged scene, (ZOOM * size, ZOOM * size, 3) uint8, BGR."""
    pixels, scene = make_image(spec, split, index)
    pixels = pixels // COARSE * COARSE + COARSE // 2
    pixels = pixels.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1)
    classes = ContextShapesDataset.METAINFO['classes']
    palette = ContextShapesDataset.METAINFO['palette']
    for item in scene:
        colour = palette[classes.index(item.label)][::-1]
        x, y, w, h = (ZOOM * side for side in item.box)
        cv2.rectangle(pixels, (x - 2, y - 2), (x + w + 1, y + h + 1), colour, 2)
        # Above the box, or inside where there is no room above.
        corner = (x, y - 6 if y > 18 else y + 14)
        for thickness, ink in ((3, (0, 0, 0)), (1, (255, 255, 255))):
            font = cv2.FONT_HERSHEY_SIMPLEX
            cv2.putText(pixels, item.label, corner, font, 0.45, ink, thickness)
    return cv2.copyMakeBorder(pixels, 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=(255,) * 3)


def main() -> None:
    """Write the sheet."""
    args = parse_args()
    spec = ContextShapesSpec()
    rows = []
    for row in range(args.rows):
        first = args.first + row * args.columns
        panels = [panel(spec, args.split, first + i) for i in range(args.columns)]
        rows.append(np.hstack(panels))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    compression = [cv2.IMWRITE_PNG_COMPRESSION, 9]
    if not cv2.imwrite(str(args.out), np.vstack(rows), compression):
        raise OSError(f'cannot write {args.out}')


if __name__ == '__main__':
    main()
