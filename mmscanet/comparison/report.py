"""The table for readers: Markdown and a plot, a row a method, over its seeds."""

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from terminaltables import GithubFlavoredMarkdownTable

from .protocol import Protocol
from .results import Results

_FIGURES = {'mAP': 'mAP', 'CF1': 'CF1', 'OF1': 'OF1', 'mAP_small': 'mAP small'}
# Column of the CSV -> heading and the unit in which it is told.
_COSTS = {
    'parameters': ('parameters, M', 1e6),
    'flops': ('GFLOPs', 1e9),
    'train_seconds': ('ms, training image', 1e-3),
    'predict_seconds': ('ms, predicted image', 1e-3),
}
# After ten methods matplotlib's colours come again, with another mark.
_MARKS = 'osD^'
# In the table, at a method that was not trained as most are.
_OTHERWISE = '‡'


@dataclass(frozen=True)
class Method:
    """One method's rows.

    Attributes:
        name: Of the method.
        config: Its config.
        rows: A row a seed, as they stand in the CSV.
    """

    name: str
    config: str
    rows: tuple[dict[str, str], ...]

    def values(self, column: str) -> np.ndarray:
        """The numbers of a column, (seeds,), less those that are not there."""
        cells = (row[column] for row in self.rows)
        return np.array([float(cell) for cell in cells if cell])

    def mean(self, column: str) -> float:
        """Mean over seeds; nan where there is no number."""
        values = self.values(column)
        return float(values.mean()) if len(values) else float('nan')

    @property
    def recipes(self) -> set[str]:
        """Digests of how its seeds were trained."""
        return {row['recipe'] for row in self.rows}


def methods(results: Results) -> list[Method]:
    """Group the rows by config; the highest mean mAP comes first."""
    by_config: dict[str, list[dict[str, str]]] = {}
    for row in results.sorted_rows():
        by_config.setdefault(row['config'], []).append(row)
    found = [
        Method(rows[0]['method'], config, tuple(rows))
        for config, rows in by_config.items()
    ]
    return sorted(found, key=lambda each: (-each.mean('mAP'), each.config))


def clear_best(candidates: Sequence[Method], column: str) -> Method | None:
    """Return the method that is ahead by more than the seeds' spread, if one is.

    Its lowest value must lie above every value of all others, and each must have two
    seeds at least: one seed tells nothing of the spread.
    """
    spreads = [(each, each.values(column)) for each in candidates]
    spreads = [(each, values) for each, values in spreads if len(values)]
    if len(spreads) < 2 or any(len(values) < 2 for _, values in spreads):
        return None
    best, best_values = max(spreads, key=lambda pair: pair[1].mean())
    highest_other = max(values.max() for each, values in spreads if each is not best)
    return best if best_values.min() > highest_other else None


def trained_otherwise(candidates: Sequence[Method]) -> list[Method]:
    """Return the methods with a seed of another recipe than most methods have."""
    counts = Counter(recipe for each in candidates for recipe in each.recipes)
    ((usual, _),) = counts.most_common(1)
    return [each for each in candidates if each.recipes != {usual}]


def format_markdown(results: Results) -> str:
    """Lay out the table of a comparison, with what the reader must know of it."""
    rows = methods(results)
    first, protocol = results.sorted_rows()[0], results.protocol
    bold = {column: clear_best(rows, column) for column in _FIGURES}
    otherwise = trained_otherwise(rows)
    heading = ['method', 'seeds', *_FIGURES.values()]
    heading += [words for words, _ in _COSTS.values()]
    table = GithubFlavoredMarkdownTable(
        [
            heading,
            *(
                [
                    f'{each.name} {_OTHERWISE}' if each in otherwise else each.name,
                    str(len(each.rows)),
                    *(_spread(each, name, bold[name] is each) for name in _FIGURES),
                    *(_cost(each, name, unit) for name, (_, unit) in _COSTS.items()),
                ]
                for each in rows
            ),
        ]
    )
    table.justify_columns = dict.fromkeys(range(1, len(heading)), 'right')
    title = f'# {first["dataset"]}, {first["backbone"]}'
    notes = _notes(results, protocol)
    if otherwise:
        notes.append(
            f'{_OTHERWISE} By another training recipe than the rows without this mark '
            '(column `recipe` of the CSV): optimiser, schedule, batch size, '
            'augmentation, scaling of pixels or backbone.'
        )
    return '\n\n'.join([title, table.table, *notes]) + '\n'


def _notes(results: Results, protocol: Protocol) -> list[str]:
    rows = results.sorted_rows()
    machines = sorted({row['machine'] for row in rows})
    height, width = protocol.input_shape
    notes = [
        'Mean over seeds (lowest to highest), percent. Bold: the lowest value is above '
        'every value of all other methods, with two seeds at least of each.',
        f'Trained on {protocol.train_images:,} images for {protocol.budget}, measured '
        f'on {protocol.test_images:,} ({protocol.unlabelled:,} of them without labels '
        f'and left out; {protocol.not_scored:,} cells not scored), '
        f'{len(protocol.classes)} classes, {width} x {height} pixels, the last '
        f'checkpoint, scores of at least 0.5. Protocol {results.protocol.hash}.',
        f'Machine: {"; ".join(machines)}. Times compare on one machine only'
        f'{", and these are of several" * (len(machines) > 1)}; those taken with a '
        'feature cache, or beside other work, do not compare.',
    ]
    for name in sorted({r['method'] for r in rows if r['seen_in_pretraining'] != '0'}):
        notes.append(
            f'Warning: {name} was pre-trained on pictures that it is measured on; its '
            'figures are too good.'
        )
    return notes


def _spread(method: Method, column: str, bold: bool) -> str:
    values = method.values(column)
    if not len(values):
        return '-'
    mean = f'{values.mean():.1f}'
    mean = f'**{mean}**' if bold else mean
    if len(values) == 1:
        return mean
    return f'{mean} ({values.min():.1f} to {values.max():.1f})'


def _cost(method: Method, column: str, unit: float) -> str:
    mean = method.mean(column)
    return '-' if np.isnan(mean) else f'{mean / unit:.3g}'


def draw_plot(results: Results) -> bytes:
    """Draw mAP with its spread by method, and against parameters, as a PNG."""
    rows = methods(results)
    figure = Figure(figsize=(10, 1.5 + 0.4 * max(len(rows), 5)), layout='constrained')
    FigureCanvasAgg(figure)
    by_method, by_size = figure.subplots(1, 2, sharex=False)
    for place, each in enumerate(rows):
        values, size = each.values('mAP'), each.mean('parameters') / 1e6
        spread = [[values.mean() - values.min()], [values.max() - values.mean()]]
        # Both pictures have the same marks; the names at the first say whose they are.
        mark = _MARKS[place // 10 % len(_MARKS)]
        style = dict(fmt=mark, capsize=3, color=f'C{place % 10}')
        by_method.errorbar(values.mean(), place, xerr=spread, **style)
        by_method.plot(values, [place] * len(values), '|', color='black', alpha=0.5)
        by_size.errorbar(size, values.mean(), yerr=spread, **style)
    by_method.set(xlabel='mAP, mean and lowest to highest over seeds')
    by_method.set_yticks(range(len(rows)), [each.name for each in rows])
    by_method.set_ylim(len(rows) - 0.5, -0.5)
    by_size.set(xlabel='parameters, million', ylabel='mAP')
    first = results.sorted_rows()[0]
    figure.suptitle(f'{first["dataset"]}, {first["backbone"]}')
    picture = io.BytesIO()
    # Without the version of matplotlib, so that equal rows give equal bytes.
    figure.savefig(picture, format='png', dpi=120, metadata={'Software': None})
    return picture.getvalue()
