"""What a file of predictions was made with, so that no two runs mix in it."""

import hashlib
import json
from pathlib import Path

from mmscanet.apis import SCANetInferencer
from mmscanet.errors import UsageError, explain_failed_output
from mmscanet.evaluation.thresholds import LabelThresholds


def describe_settings(
    inferencer: SCANetInferencer, thresholds: LabelThresholds
) -> dict[str, object]:
    """Return what the labels of a picture depend on."""
    digest = hashlib.sha256()
    for name, value in inferencer.model.state_dict().items():
        digest.update(name.encode() + value.cpu().numpy().tobytes())
    cfg = inferencer.cfg
    config = f'{cfg.model} {cfg.test_dataloader.dataset.pipeline}'
    return dict(
        checkpoint=digest.hexdigest(),
        config=hashlib.sha256(config.encode()).hexdigest(),
        thresholds=thresholds.values.tolist(),
    )


def keep_settings(out: str, settings: dict[str, object]) -> None:
    """Write down, in ``OUT.settings.json``, what a file of predictions is made with.

    Where that is written already, compare.

    Raises:
        UsageError: The file was made with something else; names it.
        OutputError: It cannot be written.
    """
    path = Path(f'{out}.settings.json')
    if Path(out).is_file() and path.is_file():
        try:
            before = json.loads(path.read_text())
            differ = [key for key in settings if before[key] != settings[key]]
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f'{path} is damaged: delete it, or --overwrite') from error
        if differ:
            raise UsageError(
                f'{out} was made with another {" and another ".join(differ)}: name '
                'another file, or --overwrite it'
            )
        return
    with explain_failed_output(path):
        path.write_text(json.dumps(settings, indent=2) + '\n')
