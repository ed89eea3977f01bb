"""How a model is trained, whatever the model: what else may explain a difference."""

from mmengine.config import Config

from mmscanet.engine.nested import nested_dicts, without_keys

from .protocol import digest

# Weights lie elsewhere on another machine; a scope is where a config was inherited.
_LEFT_OUT = ('checkpoint', 'pretrained', '_scope_')


def recipe(cfg: Config) -> str:
    """Digest optimiser, schedule, images as a training sees them, and backbone.

    In it are ``optim_wrapper``, ``param_scheduler``, ``custom_hooks`` (one of which
    freezes stages), epochs or iterations, batch size, training pipeline,
    ``data_preprocessor``, and the backbone without the names of its weights. The data,
    the rest of the model and all that is shown or kept are not.

    Args:
        cfg: A config that can be trained, with its options applied.
    """
    loader, loop, model = cfg.train_dataloader, cfg.train_cfg, cfg.model
    parts = [
        *(cfg.get(key) for key in ('optim_wrapper', 'param_scheduler', 'custom_hooks')),
        *(loop.get(key) for key in ('max_epochs', 'max_iters')),
        loader.batch_size,
        # A data set may stand behind a wrapper, or be several.
        [x['pipeline'] for x in nested_dicts(loader.dataset) if 'pipeline' in x],
        *(model.get(key) for key in ('data_preprocessor', 'backbone')),
    ]
    return digest(without_keys(parts, _LEFT_OUT))
