"""Times, their ratios, and the rate of matrix products."""

import pytest

from mmscanet.engine import timing
from mmscanet.engine.timing import matrix_rate, ratio_table, time_alternating


def test_tasks_are_timed_in_turn() -> None:
    calls: list[str] = []
    tasks = [lambda: calls.append('a'), lambda: calls.append('b')]
    times = time_alternating(tasks, repeats=3, device='cpu', warmup=1)
    assert calls == ['a', 'b'] * 4
    assert [len(each) for each in times] == [3, 3]


def test_rate_of_matrix_products_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    # The start of the warm-up, then starts and ends: the shortest is half a second.
    clock = iter([0.0, *[0.0, 2.0, 5.0, 5.5] * 5])
    monkeypatch.setattr(timing.time, 'perf_counter', lambda: next(clock))
    assert matrix_rate(side=4) == 2 * 4**3 / 0.5


def test_ratios_are_to_the_first_row() -> None:
    table = ratio_table(
        'method',
        ['a', 'b'],
        {'training': [[0.1, 0.2, 0.3], [0.3, 0.3, 0.3]], 'labels': [[0.004], [0.001]]},
    )
    assert table.splitlines() == [
        '| method | training, ms | ratio | labels, ms | ratio |',
        '|---|---|---|---|---|',
        '| a | 200.0 (150.0-250.0) | 1.00 | 4.0 (4.0-4.0) | 1.00 |',
        '| b | 300.0 (300.0-300.0) | 1.50 | 1.0 (1.0-1.0) | 0.25 |',
    ]
