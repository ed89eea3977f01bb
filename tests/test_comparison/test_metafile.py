"""Metafiles of a small repository: two peers at two seeds, and SCANet."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mmscanet.comparison import (
    RECORD,
    Published,
    Results,
    Row,
    make_metafiles,
    save_published,
)
from mmscanet.errors import DataError

CONFIG = """
train_cfg = dict(max_epochs={epochs})
train_dataloader = dict(batch_size=4)
"""
WEIGHTS = Published(
    weights='checkpoints/high_r18_shapes-01234567.pth',
    sha256='0123456789abcdef' * 4,
    size=1000,
    dtype='float16',
    metrics=dict(mAP=84.126, CF1=70.0, OF1=75.0),
    mAP_before=84.0,
    data='ContextShapes, 300 images',
    command='python tools/train.py high.py',
)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def root(tmp_path: Path, results: Results) -> Path:
    """Results of ``high`` and ``low``; ``low`` was planned for longer."""
    scanet = tmp_path / 'configs/scanet'
    write(scanet / 'README.md', '# SCANet\n\nZ et al., "A Paper\nof two lines", X.\n')
    write(scanet / 'scanet_r18_fpn_coco.py', CONFIG.format(epochs=8))
    write(scanet / 'ablations/scanet_r18_fpn_coco_less.py', CONFIG.format(epochs=8))
    for peer, epochs in (('high', 8), ('low', 16)):
        folder = tmp_path / 'projects' / peer
        heading = (
            f'# {peer.upper()}: a peer\n\nIt has no paper.\n\nBut a "quote", here.'
        )
        write(folder / 'README.md', heading)
        write(folder / f'configs/{peer}_r18_shapes.py', CONFIG.format(epochs=epochs))
    results.path = tmp_path / 'results/shapes-r18.csv'
    results.path.parent.mkdir()
    results.save()
    return tmp_path


def model(root: Path, peer: str) -> dict:
    text = make_metafiles(root)[f'projects/{peer}/metafile.yml']
    (entry,) = yaml.safe_load(text)['Models']
    return entry


def test_files_and_the_order_of_their_keys(root: Path) -> None:
    files = make_metafiles(root)
    assert [*files] == [
        'configs/scanet/metafile.yml',
        'projects/high/metafile.yml',
        'projects/low/metafile.yml',
        'model-index.yml',
    ]
    for text in files.values():
        assert text.startswith('# Made by `python tools/misc/make_metafiles.py`')
    # Of an installed package, which has no projects/.
    index = yaml.safe_load(files['model-index.yml'])
    assert index == dict(Import=['configs/scanet/metafile.yml'])
    scanet = yaml.safe_load(files['configs/scanet/metafile.yml'])
    assert scanet['Collections'] == [
        dict(
            Name='SCANet',
            Paper=dict(Title='A Paper of two lines'),
            README='configs/scanet/README.md',
            Code=dict(URL='mmscanet/models/detectors/scanet.py'),
        )
    ]
    assert scanet['Models'] == [
        {
            'Name': 'scanet_r18_fpn_coco',
            'In Collection': 'SCANet',
            'Config': 'configs/scanet/scanet_r18_fpn_coco.py',
            'Metadata': {'Training Data': 'COCO 2017'},
        }
    ]
    high = files['projects/high/metafile.yml']
    keys = ('Collections:', 'Models:', '- Name: high', 'Metadata:', 'Results:')
    assert sorted(keys, key=high.index) == [*keys]
    assert 'Paper' not in high and '- Name: HIGH\n' in high


def test_results_are_means_over_seeds(root: Path) -> None:
    entry = model(root, 'high')
    assert entry['Metadata'] == {
        'Training Data': 'ContextShapes',
        'Epochs': 8,
        'Batch Size': 4,
        'Parameters': 2_000_000,
        'FLOPs': 1,
    }
    assert entry['Results'] == [
        dict(
            Task='Multi-Label Classification',
            Dataset='ContextShapes, 300 images, trained on 600, mean of 2 seeds',
            Metrics=dict(mAP=82.0, CF1=1.0, OF1=1.0),
        )
    ]
    assert 'Weights' not in entry


def test_results_say_what_was_not_as_in_the_config(
    root: Path, results: Results, make_row: Callable[..., Row]
) -> None:
    notes = root / 'results/notes.json'
    notes.write_text(json.dumps({'shapes-r18': 'frozen'}))
    (result,) = model(root, 'low')['Results']
    assert result['Dataset'] == (
        'ContextShapes, 300 images, trained on 600, for 8 epochs instead of 16, '
        'frozen, mean of 2 seeds'
    )
    results.rows.clear()
    results.add(make_row('low', 0, 70.0, seen_in_pretraining=12))
    results.save()
    (result,) = model(root, 'low')['Results']
    assert result['Dataset'].endswith(', 12 images seen in pre-training, one seed')


def test_published_weights(root: Path) -> None:
    (root / RECORD).parent.mkdir()
    save_published(root / RECORD, dict(high_r18_shapes=WEIGHTS))
    entry = model(root, 'high')
    assert entry['Weights'] == WEIGHTS.weights
    assert entry['Metadata']['SHA256'] == WEIGHTS.sha256
    assert entry['Metadata']['Size (bytes)'] == WEIGHTS.size
    assert entry['Metadata']['Training Command'] == WEIGHTS.command
    assert len(entry['Results']) == 2
    assert entry['Results'][1]['Dataset'].startswith(WEIGHTS.data)
    assert entry['Results'][1]['Metrics'] == {
        **dict(mAP=84.13, CF1=70.0, OF1=75.0),
        'mAP before publishing': 84.0,
    }
    assert 'Weights' not in model(root, 'low')
    unmeasured = dataclasses.replace(WEIGHTS, mAP_before=None)
    save_published(root / RECORD, dict(high_r18_shapes=unmeasured))
    metrics = model(root, 'high')['Results'][1]['Metrics']
    assert metrics == dict(mAP=84.13, CF1=70.0, OF1=75.0)


def test_names_of_nothing_are_refused(root: Path) -> None:
    (root / 'results/notes.json').write_text('{"shapes-r19": "x"}')
    with pytest.raises(DataError, match=r'notes.json names shapes-r19.*no such table'):
        make_metafiles(root)
    (root / 'results/notes.json').unlink()
    (root / RECORD).parent.mkdir()
    save_published(root / RECORD, dict(gone=WEIGHTS))
    with pytest.raises(DataError, match=r'published.json names gone.*no such config'):
        make_metafiles(root)
    (root / RECORD).unlink()
    config = root / 'projects/low/configs/low_r18_shapes.py'
    renamed = config.rename(config.with_stem('low_r18_stars'))
    with pytest.raises(DataError, match=r'results/ names low_r18_shapes'):
        make_metafiles(root)
    (root / 'results/shapes-r18.csv').unlink()
    with pytest.raises(DataError, match=rf'{renamed} names stars.*no such data set'):
        make_metafiles(root)
