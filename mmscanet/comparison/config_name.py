"""What the name of a config says: ``csra_r18_shapes`` and the like."""

import re
from dataclasses import dataclass
from pathlib import Path

from mmscanet.errors import UsageError

_NAME = re.compile(
    r'(?P<method>.+?)_(?P<backbone>mobilenetv2|[rx]\d+)(_fpn)?'
    r'_(?P<dataset>[^_]+)(_(?P<variant>.+))?'
)


@dataclass(frozen=True)
class ConfigName:
    """Which row and which table a config belongs to.

    Attributes:
        method: Of the row: ``'scanet'``; of a variant ``'scanet object-only'``.
        backbone: ``'r18'``.
        dataset: ``'shapes'``.
    """

    method: str
    backbone: str
    dataset: str

    @classmethod
    def parse(
        cls, config: Path, backbone: str | None = None, dataset: str | None = None
    ) -> 'ConfigName':
        """Read ``<method>_<backbone>[_fpn]_<dataset>[_<variant>].py``.

        Args:
            config: The config file; its name alone counts.
            backbone: What to call the backbone, whatever the name says.
            dataset: What to call the data set, whatever the name says.

        Raises:
            UsageError: The name has another form and an argument is not given; or an
                argument cannot be part of a file's name.
        """
        for option, value in (('--backbone', backbone), ('--dataset', dataset)):
            if value is not None and not re.fullmatch(r'[\w.+-]+', value):
                raise UsageError(f'{option} {value!r}: it is to be part of file names')
        match = _NAME.fullmatch(config.stem)
        if match is None and not (backbone and dataset):
            raise UsageError(
                f'{config}: the name does not say <method>_<backbone>_<dataset>; give '
                '--backbone and --dataset'
            )
        parts = match.groupdict() if match else dict(method=config.stem)
        variant = f' {parts["variant"]}' if parts.get('variant') else ''
        return cls(
            method=parts['method'] + variant,
            backbone=backbone or parts['backbone'],
            dataset=dataset or parts['dataset'],
        )


def find_configs(root: Path, backbone: str, dataset: str) -> list[Path]:
    """Return the configs of SCANet, SCANet+ and all peers at one backbone and data set.

    Raises:
        UsageError: There is none.
    """
    patterns = (
        f'configs/scanet/scanet_{backbone}_{dataset}.py',
        f'configs/scanet/scanet_{backbone}_fpn_{dataset}.py',
        f'configs/scanet/scanet_plus_{backbone}_fpn_{dataset}.py',
        f'projects/*/configs/*_{backbone}_{dataset}.py',
    )
    found = [path for pattern in patterns for path in sorted(root.glob(pattern))]
    if not found:
        raise UsageError(
            f'--backbone {backbone} --dataset {dataset}: no config has these in its '
            f'name; {root}/configs/scanet and {root}/projects have been looked through'
        )
    return found
