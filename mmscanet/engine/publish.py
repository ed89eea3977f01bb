"""What is left of a training checkpoint for others to use: its weights."""

import copy
import io
import json
from collections.abc import Iterator, Mapping
from tempfile import NamedTemporaryFile
from typing import Any

import torch
from mmengine.config import Config
from mmengine.runner import load_state_dict
from torch import Tensor
from torch.nn.modules.utils import consume_prefix_in_state_dict_if_present

from mmscanet.errors import UsageError

from .hooks import check_label_count
from .measure import build
from .weights import check_state_dict, dataset_meta

#: What floating tensors may be published in, by the names of the command line.
DTYPES = {'float16': torch.float16, 'float32': torch.float32}


def publish(
    cfg: Config, checkpoint: Mapping[str, Any], name: str, dtype: torch.dtype
) -> bytes:
    """Return the file of a checkpoint's weights, ready to be written.

    It opens with ``torch.load(weights_only=True)`` and holds ``state_dict``, exactly
    the tensors that the model has, and ``meta``: ``model_name``, ``epoch`` and
    ``iter``, ``dataset_meta`` with ``classes``, and ``cfg``, the text of ``cfg``. The
    same checkpoint gives the same bytes.

    Args:
        cfg: The config that the weights are published for.
        checkpoint: As mmengine's runner saves it. Where it has averaged weights
            (``EMAHook``), ``state_dict`` are these, and they are what is published.
        name: Of the model.
        dtype: Of floating tensors; others stay as they are.

    Raises:
        UsageError: The weights are of another model, were trained with another, or
            have values that ``dtype`` cannot hold.
    """
    state = copy.copy(checkpoint.get('state_dict', checkpoint))
    consume_prefix_in_state_dict_if_present(state, 'module.')
    model = build(cfg.model)
    check_state_dict(model, state)
    require_same_model(cfg, checkpoint)
    load_state_dict(model, state, strict=False)
    classes = [str(each) for each in dataset_meta(checkpoint, cfg)['classes']]
    check_label_count(model, len(classes), 'its data set')
    weights = model.state_dict()
    for key, value in weights.items():
        weights[key] = to_dtype(key, value, dtype)
    trained = checkpoint.get('meta') or {}
    published = dict(
        model_name=name,
        **{key: trained[key] for key in ('epoch', 'iter') if key in trained},
        dataset_meta=dict(classes=classes),
        # Of the file, not of the run: that one names folders of its machine.
        cfg=cfg.pretty_text,
    )
    return _to_bytes(dict(meta=published, state_dict=weights))


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
        hint = '; take --dtype float32' if torch.isfinite(wrong).all() else ''
        raise UsageError(
            f'{key} holds {wrong[0].item():g}, which {dtype} cannot hold as a finite '
            f'number{hint}'
        )
    return converted


def require_same_model(cfg: Config, checkpoint: Mapping[str, Any]) -> None:
    """Refuse weights that were trained with other settings of the model.

    Weights may fit a model that scores otherwise, by padding or by the scaling of
    pixels. Compares the model, less the weights it started from, and the test
    pipeline with those of the config that the checkpoint carries, if it does.

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
    """Yield dotted keys and values of all that decides about scores."""

    def walk(key: str, node: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(node, dict):
            children = node.items()
        elif isinstance(node, (list, tuple)):
            children = enumerate(node)
        else:
            yield key, node
            return
        for name, child in children:
            if name not in ('init_cfg', 'pretrained'):
                yield from walk(f'{key}.{name}', child)

    whole = cfg.to_dict()
    yield from walk('model', whole['model'])
    pipeline = whole['test_dataloader']['dataset']['pipeline']
    yield from walk('test_dataloader.dataset.pipeline', pipeline)


def _to_bytes(content: dict[str, Any]) -> bytes:
    # JSON proves that these are plain values, and makes new objects of them: pickle
    # refers back to an object that comes again, so that equal ones are not enough for
    # equal bytes.
    content['meta'] = json.loads(json.dumps(content['meta']))
    # Into memory: of a file, torch.save would put the name into the bytes.
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()
