"""What is left of a training checkpoint for others to use: its weights."""

import copy
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from tempfile import NamedTemporaryFile
from typing import Any

import torch
from mmengine.config import Config
from mmengine.runner import load_state_dict
from torch import Tensor, nn
from torch.nn.modules.utils import consume_prefix_in_state_dict_if_present

from mmscanet.errors import UsageError

from .hooks import check_label_count
from .measure import build
from .nested import nested_items, without_keys
from .weights import check_state_dict, dataset_meta

#: What floating tensors may be published in, by the names of the command line.
DTYPES = {'float16': torch.float16, 'float32': torch.float32}


def publish(
    cfg: Config, checkpoints: Sequence[Mapping[str, Any]], name: str, dtype: torch.dtype
) -> bytes:
    """Return the file of a checkpoint's weights, ready to be written.

    Of several checkpoints it is the mean of their weights, see :func:`mean_weights`.

    It opens with ``torch.load(weights_only=True)`` and holds ``state_dict``, exactly
    the tensors that the model has, and ``meta``: ``model_name``, ``epoch`` and
    ``iter`` of the first, ``dataset_meta`` with ``classes``, and ``cfg``, the text of
    ``cfg`` less ``load_from``. The same checkpoints give the same bytes.

    Args:
        cfg: The config that the weights are published for.
        checkpoints: At least one, as mmengine's runner saves it. Where it has averaged
            weights (``EMAHook``), ``state_dict`` are these, and they are what is
            published.
        name: Of the model.
        dtype: Of floating tensors; others stay as they are.

    Raises:
        UsageError: The weights are of another model, were trained with another or for
            other labels, or have values that ``dtype`` cannot hold.
    """
    model = build(cfg.model)
    states = []
    for number, checkpoint in enumerate(checkpoints, start=1):
        try:
            states.append(_weights_for(model, cfg, checkpoint))
        except UsageError as error:
            if len(checkpoints) == 1:
                raise
            which = f'checkpoint {number} of {len(checkpoints)}'
            raise UsageError(f'{which}: {error}') from error
    load_state_dict(model, mean_weights(states), strict=False)
    classes, *others = ([*dataset_meta(each, cfg)['classes']] for each in checkpoints)
    if any(other != classes for other in others):
        raise UsageError(
            'the checkpoints were trained for different labels: publish each by itself'
        )
    check_label_count(model, len(classes), 'its data set')
    weights = model.state_dict()
    for key, value in weights.items():
        weights[key] = to_dtype(key, value, dtype)
    trained = checkpoints[0].get('meta') or {}
    published = dict(
        model_name=name,
        **{key: trained[key] for key in ('epoch', 'iter') if key in trained},
        dataset_meta=dict(classes=[str(each) for each in classes]),
        cfg=_text_for_others(cfg),
    )
    return _to_bytes(dict(meta=published, state_dict=weights))


def _text_for_others(cfg: Config) -> str:
    """The text of a config, without the folders of this machine.

    It is of the config's file, not of the run, whose names its folders. Which weights
    the run started from may still come from the environment.
    """
    cfg = copy.deepcopy(cfg)
    if cfg.get('load_from'):
        cfg.load_from = None
    return cfg.pretty_text


def _weights_for(
    model: nn.Module, cfg: Config, checkpoint: Mapping[str, Any]
) -> dict[str, Tensor]:
    """What ``model``, built of ``cfg``, takes of a checkpoint; another's is refused."""
    state = copy.copy(checkpoint.get('state_dict', checkpoint))
    consume_prefix_in_state_dict_if_present(state, 'module.')
    check_state_dict(model, state)
    require_same_model(cfg, checkpoint)
    return {name: state[name] for name in model.state_dict() if name in state}


def mean_weights(states: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of the weights of several runs that started from the same ones.

    Such runs end near enough to each other that the mean is a model too, often a better
    one than each (M. Wortsman et al., "Model soups", ICML 2022). Of runs that started
    apart it is none.

    Args:
        states: Weights by name; names that not all of them have are left out.

    Returns:
        The mean of floating tensors, taken in single precision; others are the first's.
    """
    names = set.intersection(*(set(state) for state in states))
    return {
        name: torch.stack([state[name].float() for state in states]).mean(0)
        if value.is_floating_point()
        else value
        for name, value in states[0].items()
        if name in names
    }


def to_dtype(key: str, value: Tensor, dtype: torch.dtype) -> Tensor:
    """Convert a floating tensor; any other is returned as it is.

    Raises:
        UsageError: A value is not finite then; names the tensor.
    """
    if not value.is_floating_point():
        return value
    converted = value.to(dtype)
    wrong = value[~torch.isfinite(converted)]
    if wrong.numel():
        raise UsageError(
            f'{key} holds {wrong[0].item():g}, which {dtype} cannot hold as a finite '
            'number; take --dtype float32'
        )
    return converted


def require_same_model(cfg: Config, checkpoint: Mapping[str, Any]) -> None:
    """Refuse weights that were trained with other settings of the model.

    Weights may fit a model that scores otherwise, by padding or by the scaling of
    pixels. Compares the model, less the weights it started from, and the test
    pipeline with those of the config that the checkpoint carries, if it does. How the
    model predicts (``test_cfg``) is for the config to say: no weight learnt from it.

    Raises:
        UsageError: Names the first setting that differs.
    """
    text = (checkpoint.get('meta') or {}).get('cfg')
    if text is None:
        return
    given = dict(_settings(cfg))
    trained = dict(_settings(_parse(text)))
    for key in dict.fromkeys([*given, *trained]):
        if given.get(key) != trained.get(key):
            raise UsageError(
                f'the checkpoint was trained with {key} = {trained.get(key)}, the '
                f'config has {given.get(key)}: publish it with a config that has the '
                "checkpoint's settings"
            )


def _parse(text: str) -> Config:
    """Read a config's text; what it imports need not be here."""
    with NamedTemporaryFile('w', suffix='.py') as file:
        file.write(text)
        file.flush()
        return Config.fromfile(file.name, import_custom_modules=False)


def _settings(cfg: Config) -> Iterator[tuple[str, Any]]:
    """Yield dotted keys and values of what a model learns and is read with."""
    whole = without_keys(cfg.to_dict(), ('init_cfg', 'pretrained'))
    pipeline = whole['test_dataloader']['dataset']['pipeline']
    for start, part in (
        ('model', {k: v for k, v in whole['model'].items() if k != 'test_cfg'}),
        ('test_dataloader.dataset.pipeline', pipeline),
    ):
        for key, value in nested_items(part, start):
            if not isinstance(value, (dict, list)):
                yield key, value


def _to_bytes(content: dict[str, Any]) -> bytes:
    # JSON proves that these are plain values, and makes new objects of them: pickle
    # refers back to an object that comes again, so that equal ones are not enough for
    # equal bytes.
    content['meta'] = json.loads(json.dumps(content['meta']))
    # Into memory: of a file, torch.save would put the name into the bytes.
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()
