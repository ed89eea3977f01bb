"""What results were made with, so that no two runs mix in them."""

import hashlib
import json
from pathlib import Path

from mmscanet.apis import SCANetInferencer
from mmscanet.engine.nested import without_keys
from mmscanet.errors import UsageError
from mmscanet.evaluation.thresholds import LabelThresholds
from mmscanet.files import write_json

Settings = dict[str, object]
# Parts of a model's config that labels do not depend on.
_TRAINING = ('init_cfg', 'train_cfg')


def describe_settings(
    inferencer: SCANetInferencer, thresholds: LabelThresholds
) -> Settings:
    """Return what the labels of a picture depend on."""
    weights = hashlib.sha256()
    model = inferencer.model.module if inferencer.tta else inferencer.model
    for name, value in model.state_dict().items():
        weights.update(name.encode() + value.cpu().numpy().tobytes())
    cfg = inferencer.cfg
    parts = [cfg.model, cfg.test_dataloader.dataset.pipeline]
    config = json.dumps(without_keys(parts, _TRAINING), sort_keys=True, default=str)
    return {
        'weights': weights.hexdigest(),
        'config': hashlib.sha256(config.encode()).hexdigest(),
        'thresholds': thresholds.values.tolist(),
    }


def keep_settings(out: str, settings: Settings) -> None:
    """Write down, in ``OUT.settings.json``, what a file of predictions is made with.

    Where the file is there already, compare.

    Raises:
        UsageError: The file was made with something else, or nobody knows with what.
        OutputError: It cannot be written.
    """
    path = Path(f'{out}.settings.json')
    if Path(out).is_file() and Path(out).stat().st_size > 0:
        before = _read(path)
        if before is None:
            raise UsageError(
                f'{path}, which says what {out} was made with, is missing or damaged: '
                'name another file, or --overwrite it'
            )
        if differ := [key for key in settings if before.get(key) != settings[key]]:
            raise UsageError(
                f'{out} was made with other {" and other ".join(differ)}: name another '
                'file, or --overwrite it'
            )
    write_json(path, settings)


def _read(path: Path) -> Settings | None:
    try:
        settings = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return settings if isinstance(settings, dict) else None
