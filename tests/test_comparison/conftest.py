"""Rows and protocols that need no data and no run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mmscanet.comparison import Protocol, Results, Row
from mmscanet.comparison.results import COLUMNS


@pytest.fixture
def protocol() -> Protocol:
    return Protocol(
        test_images=300,
        test_digest='aaaa',
        unlabelled=2,
        not_scored=5,
        classes=('cat', 'dog'),
        train_images=600,
        train_digest='bbbb',
        budget='8 epochs',
        input_shape=(160, 320),
        metric_version=1,
    )


@pytest.fixture
def make_row(protocol: Protocol) -> Callable[..., Row]:
    def make(method: str, seed: int, mAP: float, **values: object) -> Row:
        row = dict.fromkeys(COLUMNS[:-1], 1)
        row.update(
            method=method,
            config=f'{method}_r18_shapes',
            dataset='shapes',
            backbone='r18',
            seed=seed,
            mAP=mAP,
            machine='a CPU, 1 thread',
            seen_in_pretraining=0,
        )
        return Row(values.pop('protocol', protocol), {**row, **values})

    return make


@pytest.fixture
def results(tmp_path: Path, make_row: Callable[..., Row]) -> Results:
    """Two methods at two seeds: 'high' at 80 and 84, 'low' at 70 and 79.5."""
    results = Results(tmp_path / 'shapes-r18.csv')
    for method, seed, value in (
        *(('low', 1, 70.0), ('high', 1, 84.0)),
        *(('low', 0, 79.5), ('high', 0, 80.0)),
    ):
        results.add(make_row(method, seed, value, parameters=2_000_000))
    return results
