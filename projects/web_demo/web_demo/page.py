"""The page: what is on it and what happens when something on it is moved."""

import logging
from pathlib import Path

import gradio as gr
import numpy as np

from mmscanet.apis import SCANetInferencer, to_prediction
from mmscanet.evaluation.thresholds import LabelThresholds
from mmscanet.visualization import EvidenceVisualizer

from . import report
from .pictures import SUFFIXES, Limits, PictureError, read_picture
from .readings import VIEW_SIDE, Reading

TITLE = 'SCANet: labels with their evidence'
INTRODUCTION = (
    'Drop pictures in. Each label comes with the boxes it was read from, and with what '
    'the object itself (*object*) and its surroundings (*context*) had to say.'
)
KEEP_SECONDS = 3600  # uploads, and what a session that is left behind has read


class EvidencePage:
    """Builds the page and answers its events.

    What a visitor uploads and reads lives in the visitor's session (``gr.State``), so
    this object holds nothing of anybody's and moving the threshold does not run the
    model.

    Args:
        inferencer: The model. One picture at a time goes through it.
        thresholds: Where they start; one number for all labels moves with the slider.
        limits: What is accepted.
    """

    def __init__(
        self, inferencer: SCANetInferencer, thresholds: LabelThresholds, limits: Limits
    ) -> None:
        self.inferencer = inferencer
        self.classes = thresholds.classes
        self.thresholds = thresholds
        self.limits = limits
        self.visualizer = EvidenceVisualizer(max_side=VIEW_SIDE, with_table=False)
        self.visualizer.dataset_meta = dict(classes=self.classes)

    def build(self) -> gr.Blocks:
        """Lay the page out and tie its events to the methods below."""
        with gr.Blocks(
            title=TITLE, analytics_enabled=False, delete_cache=(60, KEEP_SECONDS)
        ) as page:
            readings = gr.State([], time_to_live=KEEP_SECONDS)
            chosen = gr.State(0)
            gr.Markdown(f'# {TITLE}\n{INTRODUCTION}')
            with gr.Row():
                with gr.Column(scale=5, min_width=270):
                    files = picture_files()
                    notes = gr.HTML(elem_id='notes')
                    gr.HTML(report.limits_line(self.limits))
                    slider, own = self.threshold_controls()
                    download = gr.HTML(elem_id='download')
                with gr.Column(scale=9, min_width=400):
                    gallery = icon_gallery()
                    picture = gr.Image(
                        show_label=False,
                        interactive=False,
                        format='jpeg',
                        buttons=['fullscreen', 'download'],
                        elem_id='picture',
                    )
                with gr.Column(scale=8, min_width=400):
                    labels = gr.HTML(
                        report.EMPTY, apply_default_css=False, elem_id='labels'
                    )

            show = dict(
                fn=self.show,
                inputs=[readings, chosen, slider, own],
                outputs=[picture, labels, download],
                show_progress='hidden',
                trigger_mode='always_last',
                concurrency_id='draw',
            )
            # The raw value of `files` has the names that the visitor gave them.
            files.change(
                self.read,
                [files, readings],
                [readings, chosen, gallery, notes],
                preprocess=False,
                show_progress_on=[files],
                concurrency_id='model',
            ).then(**show)
            gallery.select(choose, outputs=[chosen], queue=False).then(**show)
            slider.change(**show)
            own.change(lambda on: gr.Slider(interactive=not on), own, slider)
            own.change(**show)
        return page.queue(max_size=64, default_concurrency_limit=1)

    def threshold_controls(self) -> tuple[gr.Slider, gr.Checkbox]:
        """Make the slider, and the box that puts each label's own in its place."""
        values = self.thresholds.values
        has_own = bool(np.ptp(values))
        slider = gr.Slider(
            0,
            1,
            value=0.5 if has_own else float(values[0]),
            step=0.01,
            label='Threshold',
            info='Labels of at least this score are shown.',
            interactive=not has_own,
            elem_id='threshold',
        )
        own = gr.Checkbox(
            has_own,
            label='each label its own threshold',
            info=f'from {self.thresholds.name}',
            visible=has_own,
            elem_id='own',
        )
        return slider, own

    def read(
        self,
        files: list[dict] | None,
        readings: list[Reading],
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (how Gradio finds it)
    ) -> tuple[list[Reading], int, gr.Gallery, str]:
        """Read the pictures that are new, forget those that are gone.

        Args:
            files: What lies in the drop area: ``path`` and ``orig_name`` of each.
            readings: Those of this session until now.
            progress: What Gradio shows meanwhile.

        Returns:
            Readings in the order of ``files``, which of them to show, the icons to
            choose from, and notes on what could not be read.
        """
        known = {reading.path: reading for reading in readings}
        files = list({file['path']: file for file in files or []}.values())
        messages, result = [], []
        if len(files) > self.limits.pictures:
            messages.append(
                f'Only the first {self.limits.pictures} of {len(files)} pictures are '
                'shown; remove some to see others.'
            )
        files = files[: self.limits.pictures]
        for number, file in enumerate(files):
            progress((number, len(files)), desc='reading', unit='pictures')
            name = file['orig_name'] or Path(file['path']).name
            try:
                reading = known.get(file['path']) or self.read_one(file['path'], name)
                result.append(reading)
            except PictureError as error:
                messages.append(f'{name} {error}.')
            except Exception:  # the other pictures are read all the same
                logging.exception('reading a picture failed')
                messages.append(f'{name} cannot be read: an error in the model.')
        new = [i for i, reading in enumerate(result) if reading.path not in known]
        chosen = new[0] if new else 0
        icons = [(reading.thumbnail(), reading.name) for reading in result]
        gallery = gr.Gallery(icons, visible=len(icons) > 1, selected_index=chosen)
        return result, chosen, gallery, report.notes(messages)

    def read_one(self, path: str, name: str) -> Reading:
        """Run the model on one upload.

        Raises:
            PictureError: It cannot be read.
        """
        image = read_picture(Path(path), self.limits)
        (labelled,) = self.inferencer.stream([image])
        return Reading.of(path, name, labelled)

    def show(
        self, readings: list[Reading], chosen: int, threshold: float, own: bool
    ) -> tuple[np.ndarray | None, str, str]:
        """Draw one picture at a threshold, and write the labels of all.

        Args:
            readings: Those of this session.
            chosen: Which of them to draw.
            threshold: One for all labels,
            own: unless each label has its own.

        Returns:
            The picture with its boxes, its labels as HTML, the link to the JSON.
        """
        if not readings:
            return None, report.EMPTY, ''
        values = self.thresholds.values
        if not own:
            values = np.full(len(self.classes), threshold)
        reading = readings[min(chosen, len(readings) - 1)]
        drawn = self.visualizer.draw_evidence(
            reading.view(), reading.view_sample(), values
        )
        html = report.labels_section(reading.name, reading.sample, values, self.classes)
        predictions = [
            to_prediction(each.sample, values, self.classes, each.name)
            for each in readings
        ]
        return drawn, html, report.download_link(dict(predictions=predictions))


def picture_files() -> gr.File:
    """Make the area into which pictures are dropped."""
    files = gr.File(
        label='Pictures',
        file_count='multiple',
        file_types=list(SUFFIXES),
        height=190,
        elem_id='files',
    )
    # A visitor could name an address in place of an upload, and Gradio would fetch it,
    # whatever its size.
    files.async_move_resource_to_block_cache = refuse_addresses
    return files


def icon_gallery() -> gr.Gallery:
    """Make the row of small pictures to choose from; for several pictures only."""
    return gr.Gallery(
        show_label=False,
        visible=False,
        columns=4,
        fit_columns=False,
        height=120,
        allow_preview=False,
        interactive=False,
        object_fit='cover',
        format='jpeg',
        buttons=[],
        elem_id='gallery',
    )


def choose(event: gr.SelectData) -> int:
    """Return which icon of the gallery was clicked."""
    return event.index


async def refuse_addresses(path: str | Path | None) -> str | None:
    """Let uploaded files through, in place of Gradio's download of addresses.

    Gradio has already checked that a path which is no address lies among the uploads.
    """
    if '://' in str(path):
        raise gr.Error('Send the file itself, not its address.', print_exception=False)
    return path if path is None else str(path)
