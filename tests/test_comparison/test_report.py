"""The table and the plot that readers see."""

from dataclasses import replace

import cv2
import numpy as np

from mmscanet.comparison import Results, draw_plot, format_markdown


def cells(text: str, method: str) -> list[str]:
    (line,) = (line for line in text.splitlines() if line.startswith(f'| {method} '))
    return [cell.strip() for cell in line.strip('|').split('|')]


def test_best_is_bold_where_the_spreads_are_apart(results):
    text = format_markdown(results)
    # 80 of the better method's worst seed is above 79.5 of the other's best.
    assert cells(text, 'high')[1:3] == ['2', '**82.0** (80.0 to 84.0)']
    assert cells(text, 'low')[1:3] == ['2', '74.8 (70.0 to 79.5)']
    assert text.index('| high') < text.index('| low')
    # CF1 is the same for both.
    assert cells(text, 'high')[3] == '1.0 (1.0 to 1.0)'


def test_nothing_is_bold_where_they_overlap_or_are_not_known(results, make_row):
    results.add(make_row('low', 0, 80.0))
    assert '**' not in format_markdown(results)
    results.add(make_row('low', 0, 70.0))
    assert '**' in format_markdown(results)
    results.add(make_row('third', 0, 10.0))
    assert '**' not in format_markdown(results)


def test_table_says_what_was_measured_and_where(results, make_row):
    text = format_markdown(results)
    assert text.startswith('# shapes, r18\n')
    assert cells(text, 'low')[6] == '2'  # million parameters
    assert 'Trained on 600 images for 8 epochs, measured on 300 (2 of them' in text
    assert '2 classes, 320 x 160 pixels' in text
    assert results.protocol.hash in text
    assert 'Machine: a CPU, 1 thread. Times compare on one machine only; those' in text
    assert 'Warning' not in text
    results.add(make_row('low', 0, 79.0, machine='a GPU', seen_in_pretraining=35_504))
    text = format_markdown(results)
    assert 'a CPU, 1 thread; a GPU. Times compare on one machine only, and' in text
    assert 'with a feature cache, or beside other work, do not compare.' in text
    assert 'Warning: low was pre-trained on pictures' in text


def test_another_recipe_than_most_is_marked(results, make_row):
    assert '‡' not in format_markdown(results)
    results.add(make_row('third', 0, 90.0, recipe='mine'))
    text = format_markdown(results)
    assert cells(text, 'third ‡')[1] == '1'
    assert cells(text, 'low')[1] == '2'
    (note,) = (line for line in text.splitlines() if line.startswith('‡'))
    assert 'another training recipe than' in note
    # One seed of a method is enough.
    results.add(make_row('low', 0, 70.0, recipe='mine'))
    assert '| low ‡ ' in format_markdown(results)


def test_missing_numbers_are_dashes(tmp_path, make_row):
    results = Results(tmp_path / 'a.csv')
    results.add(make_row('mine', 0, 50.0, mAP_small=None, train_seconds=None))
    found = cells(format_markdown(results), 'mine')
    assert found[2:6] == ['50.0', '1.0', '1.0', '-']
    assert found[8:] == ['-', '1e+03']  # one second


def test_plot_is_the_same_for_the_same_rows(results, make_row):
    picture = draw_plot(results)
    assert draw_plot(replace(results)) == picture
    pixels = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    assert pixels.std() > 0
    results.add(make_row('low', 0, 20.0))
    assert draw_plot(results) != picture
