"""Pictures that show why an image has its labels."""

import math
from typing import Any

import numpy as np
from mmdet.registry import VISUALIZERS
from mmdet.structures import DetDataSample
from mmdet.visualization import DetLocalVisualizer
from mmengine.dist import master_only
from numpy.typing import ArrayLike
from PIL import Image

from mmscanet.errors import ConfigError
from mmscanet.evaluation.thresholds import LabelThresholds, Threshold, read_threshold
from mmscanet.structures import EvidenceBox, LabelEvidence, passing_labels
from mmscanet.structures.label_evidence import to_numpy

from .canvas import Canvas, find_font, stack
from .keys import Key, draw_keys
from .label_table import colour_of, draw_table, legend
from .marks import Mark, draw_marks
from .palette import BACKGROUND, INK, label_colour

MIN_UNIT = 15  # pixels, height of the smallest text
UNITS = 38  # heights of text in the side of a square of the picture's area
MIN_STRIP = 30  # heights of text in the width of the strip under a picture


@VISUALIZERS.register_module()
class EvidenceVisualizer(DetLocalVisualizer):
    """Draw each label of an image with the boxes it was read from.

    A tag at each box has the label, the fused score and a bar for each branch's, if
    there are two. The best box of a label has a thicker line than its others and,
    dashed in the same colour, the patch that the context branch read. A label that
    passes only thanks to context is red (paper, Fig. 3): the context branch, the scene
    branch or both. A table under the picture lists all labels.

    Letters and lines grow with the picture. Pillow draws them, not the parent's
    matplotlib: where the tags go depends on the size of their text. Colours are not
    those of ``dataset_meta``: the palettes of COCO and VOC have reds of their own.

    Args:
        name: As the parent's.
        thr: For :meth:`add_datasample`: a number, or the file of
            :class:`~mmscanet.evaluation.thresholds.LabelThresholds`. By default the
            ``pred_score_thr`` of the call.
        max_boxes: Boxes drawn for a label, the best ones.
        min_size: Smaller pictures are enlarged to this size in pixels, the side of
            a square of the same area.
        max_side: Pictures with a longer side, in pixels, are reduced to it.
        with_table: Put the table under the picture of the evidence.
        font: A TrueType file, or a family that matplotlib finds. The default has
            no Chinese, Japanese or Korean letters.
        **kwargs: The parent's. Its colours and line width are not used.

    Raises:
        UsageError: A number is out of range, the file of ``thr`` cannot be read, or
            there is no such font.
    """

    def __init__(
        self,
        name: str = 'visualizer',
        *args: Any,
        thr: Threshold | None = None,
        max_boxes: int = 3,
        min_size: int = 560,
        max_side: int = 4096,
        with_table: bool = True,
        font: str = 'DejaVu Sans',
        **kwargs: Any,
    ) -> None:
        super().__init__(name, *args, **kwargs)
        numbers = dict(max_boxes=max_boxes, min_size=min_size, max_side=max_side)
        for argument, number in numbers.items():
            if number < 1:
                raise ConfigError(f'{argument} must be at least 1, not {number}')
        self.thr = None if thr is None else read_threshold(thr)
        self.max_boxes = max_boxes
        self.min_size = min_size
        self.max_side = max_side
        self.with_table = with_table
        self.font = find_font(font)

    def draw_evidence(
        self, image: np.ndarray, data_sample: DetDataSample, thresholds: ArrayLike = 0.5
    ) -> np.ndarray:
        """Draw the labels that reach their thresholds.

        Args:
            image: (H, W, 3), RGB, uint8, at its original size.
            data_sample: As :meth:`SCANet.predict` leaves it; see
                :func:`~mmscanet.structures.passing_labels`.
            thresholds: (C,), or one number for all labels.

        Returns:
            (H', W', 3), RGB, uint8: the picture, by default with the table under it.

        Raises:
            ValueError: There are not as many thresholds or classes as labels.
        """
        scores = to_numpy(data_sample.pred_score)
        classes = self._classes(len(scores))
        labels = passing_labels(data_sample, thresholds, classes)
        canvas, scale = self._enlarge(image)
        draw_marks(canvas, self._marks(labels, scale))
        if not self.with_table:
            return np.asarray(canvas.image)
        if labels:
            table = draw_table(canvas, 'predicted', labels)
            keys = draw_keys(canvas, table.image.width, legend(labels))
            strips = [table, keys]
        else:
            best = scores.argmax()
            # Rounded down, so as not to look like a score that it does not reach.
            below = math.floor(100 * scores[best]) / 100
            text = (
                'no label reaches its threshold; '
                f'the highest is {classes[best]} {below:.2f}'
            )
            width = max(canvas.image.width, MIN_STRIP * canvas.unit)
            strips = [draw_keys(canvas, width, [Key(text, ink=INK)])]
        return np.asarray(stack([part.image for part in (canvas, *strips)]))

    def draw_truth(self, image: np.ndarray, data_sample: DetDataSample) -> np.ndarray:
        """Draw the ground truth, as far as the sample has it.

        Boxes that are not trained on (crowd, difficult) are dashed. Under the
        picture stand the labels of the image and those that are not scored.

        Args:
            image: (H, W, 3), RGB, uint8.
            data_sample: With ``gt_instances`` and ``ignored_instances``, their boxes
                in pixels of ``image``, and ``gt_score`` (C,).

        Returns:
            (H', W', 3), RGB, uint8.

        Raises:
            ValueError: There are not as many classes as labels.
        """
        canvas, scale = self._enlarge(image)
        marks = []
        for field, ignored in (('gt_instances', False), ('ignored_instances', True)):
            instances = data_sample.get(field, {})
            boxes = to_numpy(instances.get('bboxes', np.zeros((0, 4))))
            labels = to_numpy(instances.get('labels', np.zeros(0)))
            marks += [
                Mark(
                    box=box * scale,
                    colour=label_colour(label),
                    text=self._classes(label + 1)[label] + ' (ignored)' * ignored,
                    dashed=ignored,
                )
                for box, label in zip(boxes, labels.tolist(), strict=True)
            ]
        draw_marks(canvas, marks)
        width = max(canvas.image.width, MIN_STRIP * canvas.unit)
        keys = draw_keys(canvas, width, self._truth_keys(data_sample))
        return np.asarray(stack([canvas.image, keys.image]))

    @master_only
    def add_datasample(
        self,
        name: str,
        image: np.ndarray,
        data_sample: DetDataSample | None = None,
        draw_gt: bool = True,
        draw_pred: bool = True,
        show: bool = False,
        wait_time: float = 0,
        out_file: str | None = None,
        pred_score_thr: float = 0.5,
        step: int = 0,
    ) -> None:
        """Draw a sample, the ground truth on its left, and hand it to the backends.

        As the parent's, which draws samples without ``pred_score``: those of models
        that give boxes but no labels of the image.

        Args:
            name: Of the picture.
            image: (H, W, 3), RGB, at its original size.
            data_sample: What to draw.
            draw_gt: Draw the ground truth, if the sample has any.
            draw_pred: Draw the evidence.
            show: Show it in a window.
            wait_time: Seconds to show it for; 0 until a key is pressed.
            out_file: Write it there instead of handing it to the backends.
            pred_score_thr: The threshold of all labels, unless the visualizer has
                thresholds of its own.
            step: Of the run.

        Raises:
            UsageError: The visualizer's thresholds are for other labels.
        """
        panels = []
        options = dict(show=show, wait_time=wait_time, out_file=out_file, step=step)
        if data_sample is not None and draw_pred and 'pred_score' not in data_sample:
            options.update(draw_gt=draw_gt, pred_score_thr=pred_score_thr)
            super().add_datasample(name, image, data_sample, **options)
            return
        image = image.clip(0, 255).astype(np.uint8)
        if data_sample is not None and draw_gt and 'gt_instances' in data_sample:
            panels.append(self.draw_truth(image, data_sample))
        if data_sample is not None and draw_pred:
            thresholds = pred_score_thr
            if self.thr is not None:
                classes = self._classes(len(data_sample.pred_score))
                thresholds = LabelThresholds.resolve(self.thr, classes).values
            panels.append(self.draw_evidence(image, data_sample, thresholds))
        if len(panels) == 2:
            panels.insert(1, np.full((1, MIN_UNIT, 3), BACKGROUND, np.uint8))
        if panels:
            images = [Image.fromarray(panel) for panel in panels]
            image = np.asarray(stack(images, across=True))
        super().add_datasample(name, image, **options)

    def _marks(self, labels: list[LabelEvidence], scale: np.ndarray) -> list[Mark]:
        """The boxes to draw, the best of each label first."""
        marks = []
        for rank in range(self.max_boxes):
            for label in labels:
                if rank >= len(label.boxes):
                    continue
                box = label.boxes[rank]
                is_best, bars = rank == 0, box.scores.of_branches
                context_box = box.context_box if is_best else None
                marks.append(
                    Mark(
                        box=box.box * scale,
                        colour=colour_of(label),
                        text=_tag_text(label, box),
                        # One branch alone has the fused score.
                        bars=bars if len(bars) == 2 else (),
                        context_box=None
                        if context_box is None
                        else context_box * scale,
                        thin=not is_best,
                    )
                )
        return marks

    def _truth_keys(self, data_sample: DetDataSample) -> list[Key]:
        """The labels of an image by its ground truth, and those not scored."""
        if 'gt_score' not in data_sample:
            return [Key('ground truth')]
        scores = to_numpy(data_sample.gt_score)
        classes = self._classes(len(scores))
        if len(classes) != len(scores):
            raise ValueError(f'{len(classes)} names for {len(scores)} labels')
        keys = [Key('ground truth')]
        keys += [
            Key(classes[i], 'square', label_colour(i), INK)
            for i in np.flatnonzero(scores == 1)
        ] or [Key('no label')]
        skipped = [classes[i] for i in np.flatnonzero(scores == -1)]
        return keys + [Key(f'not scored: {", ".join(skipped)}')] * bool(skipped)

    def _classes(self, count: int) -> tuple[str, ...]:
        """The names of the labels, or makeshift ones for ``count`` labels."""
        classes = (self.dataset_meta or {}).get('classes')
        return tuple(classes or (f'label {i}' for i in range(count)))

    def _enlarge(self, image: np.ndarray) -> tuple[Canvas, np.ndarray]:
        """A canvas of the image at a size that can be read, and the scale (4,)."""
        height, width = image.shape[:2]
        scale = max(self.min_size / np.sqrt(width * height), 1.0)
        scale = min(scale, self.max_side / max(width, height))
        size = [max(round(width * scale), 1), max(round(height * scale), 1)]
        picture = Image.fromarray(image)
        if scale != 1:
            bicubic = Image.Resampling.BICUBIC
            picture = picture.resize(size, bicubic, reducing_gap=2.0)
        unit = max(round(float(np.sqrt(size[0] * size[1])) / UNITS), MIN_UNIT)
        scales = np.array([size[0] / width, size[1] / height] * 2)
        return Canvas(picture, unit, self.font), scales


def _tag_text(label: LabelEvidence, box: EvidenceBox) -> str:
    """Name and score, with a star if the label is red, for those who see no red."""
    return f'{label.name} {box.scores.score:.2f}' + '*' * label.context_only
