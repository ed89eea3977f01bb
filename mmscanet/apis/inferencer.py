"""Labels with evidence for people's own pictures."""

import contextlib
import io
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from http.client import HTTPException
from itertools import islice
from numbers import Integral
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import URLError

import cv2
import mmcv
import numpy as np
import torch
from mmdet.apis import DetInferencer
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config, ConfigDict
from mmengine.dataset import Compose
from mmengine.runner import load_state_dict
from mmengine.visualization import Visualizer
from PIL import UnidentifiedImageError
from torch import nn
from tqdm import tqdm

from mmscanet.engine.device import check_device
from mmscanet.engine.hooks import check_label_count
from mmscanet.engine.launch import explain_unusable_config, load_config
from mmscanet.engine.test_time_aug import set_test_time_aug
from mmscanet.engine.weights import (
    check_checkpoint,
    check_state_dict,
    dataset_meta,
    load_weights,
)
from mmscanet.errors import DataError, UsageError
from mmscanet.evaluation.thresholds import (
    LabelThresholds,
    Threshold,
    sidecar_path,
)
from mmscanet.zoo import resolve_model

from .inputs import ImageSource, InputsType, find_images, to_load
from .prediction import to_prediction

# What mmengine raises where a checkpoint carries no config, or not one of ours.
NO_CONFIG = (
    *(AssertionError, ImportError, KeyError),
    *(SyntaxError, TypeError, ValueError),
)
# What mmcv and OpenCV raise on what is missing, no image or too large, and what comes
# of a server that breaks off.
UNREADABLE = (OSError, HTTPException, ValueError, AssertionError, cv2.error)


class Labelled(NamedTuple):
    """What :meth:`SCANetInferencer.stream` yields for one image.

    Attributes:
        source: Where it came from.
        prediction: Plain data, see :func:`to_prediction`.
        data_sample: What the model returned, on the CPU.
        image: (H, W, 3), RGB, uint8, at its original size.
        thresholds: Those that the prediction was made with.
    """

    source: ImageSource
    prediction: dict[str, object]
    data_sample: DetDataSample
    image: np.ndarray
    thresholds: LabelThresholds


def warn_of_skipped(path: str, reason: str) -> None:
    """Say that an image cannot be read."""
    warnings.warn(f'skipped {path}: {reason}', stacklevel=2)


class SCANetInferencer(DetInferencer):
    """Label pictures, each label with the boxes it was read from.

    Args:
        model: Path of a config file, a ``Config``, or the name of a model of the zoo.
            ``None`` takes the config that the checkpoint carries.
        weights: Checkpoint, a path or URL. By default the zoo's, which is fetched if it
            is not on this machine, and may hold nothing but weights.
        device: Such as ``cpu`` or ``cuda:0``. By default a GPU, if there is one.
        show_progress: Show a progress bar on stderr.
        cfg_options: Dotted keys of the config file and their new values.
        tta: Predict each image from three sizes of it, which is better, at three times
            the work; see :class:`~mmscanet.models.MultiLabelTTAModel`.

    Raises:
        UsageError: The config or the checkpoint is missing, or they do not fit each
            other; told before the model runs.
    """

    def __init__(
        self,
        model: str | Path | Config | ConfigDict | None = None,
        weights: str | Path | None = None,
        device: str | None = None,
        show_progress: bool = True,
        cfg_options: dict[str, Any] | None = None,
        tta: bool = False,
    ) -> None:
        check_device(device)
        self.tta = tta
        model = str(model) if isinstance(model, Path) else model
        if cfg_options and not isinstance(model, str):
            raise UsageError('cfg_options: name the config file to change (model)')
        of_zoo = weights is None
        if isinstance(model, str):
            model, weights = resolve_model(model, weights, show_progress)
        if weights is None:
            raise UsageError(
                f'no checkpoint is published for {model} yet: name one (weights)'
                if isinstance(model, str)
                else 'name a model, a checkpoint (weights) or both'
            )
        if isinstance(model, str):
            model = load_config(model, cfg_options, needs=('model', 'test_dataloader'))
        self.weights = str(weights)
        if not of_zoo:
            check_checkpoint(self.weights)
        with explain_unusable_config():
            self._build(model, None if of_zoo else self.weights, device, show_progress)

    def _build(
        self,
        model: Config | ConfigDict | None,
        weights: str | None,
        device: str | None,
        show_progress: bool,
    ) -> None:
        """Build model and pipeline; ``weights`` is ``None`` for those of the zoo."""
        try:
            # mmengine prints that it loads the checkpoint, where results may go.
            with contextlib.redirect_stdout(io.StringIO()):
                super().__init__(
                    model=model,
                    # mmengine would also run code that a checkpoint holds.
                    weights=weights,
                    device=device,
                    scope='mmscanet',
                    show_progress=show_progress,
                )
        except UsageError:
            raise
        except NO_CONFIG as error:
            if model is not None:
                raise
            raise UsageError(
                f'checkpoint {weights} carries no config that can be used: name one '
                '(model)'
            ) from error
        except (URLError, TimeoutError) as error:
            reason = getattr(error, 'reason', error)
            raise UsageError(f'cannot fetch {weights}: {reason}') from error

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the C labels."""
        return tuple(self.model.dataset_meta['classes'])

    def __call__(
        self,
        inputs: InputsType,
        batch_size: int = 1,
        threshold: Threshold = 0.5,
        return_datasamples: bool = False,
        return_vis: bool = False,
    ) -> dict[str, list]:
        """Label images and keep all results in memory.

        Args:
            inputs: See :func:`~mmscanet.apis.inputs.find_images`.
            batch_size: Images that go through the model together.
            threshold: One for all labels; a file of ``tools/fit_thresholds.py`` or
                what :meth:`LabelThresholds.load` made of it; or ``'fitted'``: the
                file that lies beside the checkpoint.
            return_datasamples: Return the model's own output too.
            return_vis: Return drawn pictures too.

        Returns:
            ``predictions``, a dict for each image (:func:`to_prediction`);
            ``skipped``, ``(path, reason)`` of each image that cannot be read;
            ``data_samples`` and ``visualization``, (H, W, 3) RGB uint8 pictures, if
            asked for.

        Raises:
            UsageError: An input or a threshold cannot be used.
        """
        skipped: list[tuple[str, str]] = []
        results: dict[str, list] = dict(predictions=[], skipped=skipped)
        if return_datasamples:
            results['data_samples'] = []
        if return_vis:
            results['visualization'] = []
        for done in self.stream(
            inputs, batch_size, threshold, lambda *fault: skipped.append(fault)
        ):
            results['predictions'].append(done.prediction)
            if return_datasamples:
                results['data_samples'].append(done.data_sample)
            if return_vis:
                results['visualization'].append(self.draw(done))
        return results

    def stream(
        self,
        inputs: InputsType | Sequence[ImageSource],
        batch_size: int = 1,
        threshold: Threshold = 0.5,
        on_skip: Callable[[str, str], None] = warn_of_skipped,
    ) -> Iterator[Labelled]:
        """Label images one batch at a time, in constant memory.

        Args:
            inputs: As in :meth:`__call__`, or a list that ``find_images`` made.
            batch_size: See :meth:`__call__`.
            threshold: See :meth:`__call__`.
            on_skip: Is told path and reason of each image that cannot be read.

        Yields:
            :class:`Labelled` for each image that can be read, in the order given.

        Raises:
            UsageError: An input or a threshold cannot be used.
        """
        if not isinstance(batch_size, Integral) or batch_size < 1:
            raise UsageError(
                f'batch_size must be a whole number from 1 on, not {batch_size!r}'
            )
        thresholds = self.thresholds(threshold)
        sources = _as_sources(inputs)
        bar = tqdm(total=len(sources), unit='image', disable=not self.show_progress)
        with bar:
            loaded = self._load_all(sources, on_skip, bar)
            while batch := list(islice(loaded, batch_size)):
                data = self.collate_fn([packed for _, packed, _ in batch])
                samples = self.forward(data)
                for (source, _, image), sample in zip(batch, samples, strict=True):
                    sample = sample.cpu()
                    _require_finite(sample.pred_score, source.path)
                    prediction = to_prediction(
                        sample, thresholds.values, self.classes, source.path
                    )
                    bar.update()
                    yield Labelled(source, prediction, sample, image, thresholds)

    def draw(
        self, labelled: Labelled, threshold: Threshold | None = None
    ) -> np.ndarray:
        """Draw the evidence into an image.

        Args:
            labelled: What :meth:`stream` yielded.
            threshold: See :meth:`__call__`. By default that of the prediction.

        Returns:
            (H', W', 3), RGB, uint8.
        """
        thresholds = labelled.thresholds
        if threshold is not None:
            thresholds = self.thresholds(threshold)
        return self.visualizer.draw_evidence(
            labelled.image, labelled.data_sample, thresholds.values
        )

    def thresholds(self, threshold: Threshold) -> LabelThresholds:
        """Return the (C,) thresholds that ``threshold`` means, see :meth:`__call__`.

        Raises:
            UsageError: The file is missing or damaged or is for other labels.
        """
        if threshold == 'fitted':
            threshold = sidecar_path(self.weights)
        return LabelThresholds.resolve(threshold, self.classes)

    def _load_all(
        self,
        sources: Iterable[ImageSource],
        on_skip: Callable[[str, str], None],
        bar: tqdm,
    ) -> Iterator[tuple[ImageSource, dict, np.ndarray]]:
        """Yield each readable image packed for the model, and as RGB pixels."""
        for source in sources:
            try:
                results = self.loader(to_load(source))
            except UNREADABLE as error:
                on_skip(source.path, _why_unreadable(source, error))
                bar.update()
                continue
            image = mmcv.bgr2rgb(results['img'])
            yield source, self.pipeline(results), image

    def _load_weights_to_model(
        self,
        model: nn.Module,
        checkpoint: dict[str, Any] | None,
        cfg: Config | ConfigDict,
    ) -> None:
        """Load weights and class names; ``None`` stands for a checkpoint of the zoo.

        mmdet's own takes what fits, COCO's names where there are none, and builds the
        data set, with its files, for a palette.

        Raises:
            UsageError: The checkpoint is of another model, or that labels no images.
        """
        if not hasattr(model, 'predict_labels'):
            raise UsageError(
                f'a {type(model).__name__} gives images no labels: name a SCANet or '
                'a model of projects/'
            )
        if checkpoint is None:
            checkpoint = load_weights(self.weights)
        state = checkpoint.get('state_dict', checkpoint)
        check_state_dict(model, state)
        load_state_dict(model, state, strict=False)
        model.dataset_meta = dataset_meta(checkpoint, cfg)
        check_label_count(model, len(model.dataset_meta['classes']), 'its data set')

    def _init_visualizer(self, cfg: Config | ConfigDict) -> Visualizer:
        """Draw evidence, whatever the config draws with in training."""
        cfg.visualizer = dict(type='EvidenceVisualizer')
        return super()._init_visualizer(cfg)

    def _init_pipeline(self, cfg: Config | ConfigDict) -> Compose:
        """Part the test pipeline into reading (``loader``) and the rest.

        With several views the model is to merge them from now on.
        """
        if self.tta:
            set_test_time_aug(cfg)
            cfg.test_dataloader.dataset.pipeline = cfg.tta_pipeline
            dataset_meta = self.model.dataset_meta
            self.model = MODELS.build(dict(cfg.tta_model, module=self.model))
            self.model.dataset_meta = dataset_meta
        whole = super()._init_pipeline(cfg)
        self.loader, *rest = whole.transforms
        return Compose(rest)


def _as_sources(inputs: InputsType | Sequence[ImageSource]) -> Sequence[ImageSource]:
    if isinstance(inputs, list) and all(isinstance(x, ImageSource) for x in inputs):
        return inputs
    return find_images(inputs)


def _why_unreadable(source: ImageSource, error: Exception) -> str:
    """Say in one line why an image cannot be read; its name stands before it."""
    path = source.path or ''  # an array has none
    if os.path.isfile(path) and os.path.getsize(path) == 0:
        return 'the file is empty'
    # Those of mmcv and Pillow only name the file again.
    if isinstance(error, (AssertionError, UnidentifiedImageError)):
        return 'no picture, or not a whole one'
    # OpenCV's whole text names a line of its source, the system's the file.
    short = getattr(error, 'err', None) or getattr(error, 'strerror', None)
    return ' '.join(str(short or error).split()) or type(error).__name__


def _require_finite(scores: torch.Tensor, path: str | None) -> None:
    """Refuse scores that are not numbers, which no threshold would show."""
    if not torch.isfinite(scores).all():
        raise DataError(
            f'the model gives {path or "an array"} scores that are not finite (NaN or '
            'inf): its checkpoint is damaged'
        )
