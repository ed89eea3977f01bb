"""ContextShapes: determinism, truth of the labels, and the folder's life."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmdet.registry import DATASETS
from pycocotools.coco import COCO

from mmscanet.datasets.context_shapes import (
    CLASSES,
    CONTEXT_CLASSES,
    CONTEXT_SCALE,
    ContextShapesSpec,
    ensure,
    make_image,
)
from mmscanet.datasets.context_shapes.scene import SMALLEST_SIZE
from mmscanet.errors import ConfigError, OutputError, UnreadableDataError

SPEC = ContextShapesSpec(seed=3, train=12, val=5)
TRUTH = {
    ('disc', 'bat'): 'ball',
    ('disc', 'table'): 'plate',
    ('disc', 'car'): 'wheel',
    ('square', 'bat'): 'base',
    ('square', 'table'): 'book',
    ('square', 'car'): 'parcel',
}
PARTNERS = {'bat', 'table', 'car'}


@pytest.fixture(scope='module')
def root(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp('data') / 'shapes'
    ensure(folder, SPEC)
    return folder


@pytest.fixture(scope='module')
def scenes() -> list:
    return [make_image(SPEC, 'train', index) for index in range(150)]


def _contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob('*') if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def _expanded(box, scale):
    x, y, w, h = box
    return x - w * (scale - 1) / 2, y - h * (scale - 1) / 2, w * scale, h * scale


def _shared(a, b) -> float:
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(w, 0) * max(h, 0)


def _shape(item) -> str:
    """Disc or square: a disc leaves its box's corners alone."""
    return 'square' if item.sprite.mask.all() else 'disc'


def test_same_seed_same_bytes(root, tmp_path):
    ensure(tmp_path / 'again', SPEC)
    assert _contents(tmp_path / 'again') == _contents(root)


def test_other_seed_other_images(root, tmp_path):
    ensure(tmp_path / 'other', replace(SPEC, seed=4))
    here, there = _contents(root), _contents(tmp_path / 'other')
    assert here.keys() == there.keys()
    assert not any(here[name] == there[name] for name in here)


def test_more_images_leave_the_first_as_they_are(root, tmp_path):
    ensure(tmp_path / 'more', replace(SPEC, train=14))
    name = 'train/000011.png'
    assert (tmp_path / 'more' / name).read_bytes() == (root / name).read_bytes()


def test_train_and_val_differ(root):
    train, val = _contents(root / 'train'), _contents(root / 'val')
    assert not set(train.values()) & set(val.values())


def test_known_pixels():
    """The generator's version must be raised when its pixels change."""
    image, scene = make_image(ContextShapesSpec(), 'train', 0)
    assert (image.shape, image.dtype) == ((160, 160, 3), np.uint8)
    assert [item.label for item in scene] == KNOWN_LABELS
    assert image.astype(np.int64).sum() == KNOWN_SUM


KNOWN_LABELS = ['bat', 'ball', 'table', 'book', 'car', 'wheel', 'car', 'cross']
KNOWN_SUM = 11301857


def test_labels_follow_from_the_geometry(scenes):
    """The one partner in the expanded box decides, whatever else is in the scene."""
    seen = set()
    for _, scene in scenes:
        for item in scene:
            if item.label not in CONTEXT_CLASSES:
                assert item.partner is None
                continue
            near = [
                other
                for other in scene
                if other.label in PARTNERS
                and _shared(_expanded(item.box, CONTEXT_SCALE), other.box)
            ]
            assert near == [scene[item.partner]]
            assert item.label == TRUTH[_shape(item), near[0].label]
            seen.add(item.label)
    assert seen == set(CONTEXT_CLASSES)


def test_partner_shows_in_the_expanded_box_and_not_in_the_tight_one(scenes):
    for _, scene in scenes:
        for item in scene:
            if item.partner is None:
                continue
            partner = scene[item.partner]
            x, y, w, h = partner.box
            drawn = np.zeros((160, 160), bool)
            drawn[y : y + h, x : x + w] = partner.sprite.mask
            x, y, w, h = item.box
            assert not drawn[y : y + h, x : x + w].any()
            x, y, w, h = _expanded(item.box, CONTEXT_SCALE)
            left, top = max(int(x), 0), max(int(y), 0)
            assert drawn[top : int(y + h), left : int(x + w)].sum() >= 20


def test_nothing_overlaps_and_all_is_inside(scenes):
    for image, scene in scenes:
        size = image.shape[0]
        for position, item in enumerate(scene):
            x, y, w, h = item.box
            assert (w, h) == item.sprite.size
            assert x >= 0 and y >= 0 and x + w <= size and y + h <= size
            assert not any(_shared(item.box, o.box) for o in scene[:position])
            if item.label not in PARTNERS:
                assert w * h < 32**2


def test_boxes_are_tight(scenes):
    for _, scene in scenes:
        for item in scene:
            mask = item.sprite.mask
            assert all(edge.any() for edge in (mask[0], mask[-1], mask[:, 0]))
            assert mask[:, -1].any()


@pytest.mark.parametrize(
    'group', [('ball', 'plate', 'wheel'), ('base', 'book', 'parcel')]
)
def test_look_alikes_look_alike(group):
    """Grey level and size say nothing about the label."""
    looks: dict[str, list] = {label: [] for label in group}
    for index in range(600):
        for item in make_image(SPEC, 'train', index)[1]:
            if item.label in looks:
                middle = item.sprite.pixels[item.box[3] // 2, item.box[2] // 2]
                assert len(set(middle.tolist())) == 1
                looks[item.label].append((middle[0], item.box[2]))
    means = np.array([np.mean(looks[label], axis=0) for label in group])
    errors = np.array(
        [np.std(looks[x], axis=0) / np.sqrt(len(looks[x])) for x in group]
    )
    apart = np.abs(means - means.mean(0)) / errors
    assert apart.max() < 3.5, (means, errors)


def test_partners_and_labels_are_not_tied(scenes):
    """A scene with a bat often has no ball, even when it has a disc."""
    held = [{item.label for item in scene} for _, scene in scenes]
    for (_, partner), label in TRUTH.items():
        share = np.mean([label in labels for labels in held if partner in labels])
        assert 0.2 < share < 0.7
    discs = {'ball', 'plate', 'wheel'}
    assert any('bat' in labels and (labels & discs) == {'plate'} for labels in held)


def test_json_is_coco(root):
    coco = COCO(root / 'annotations' / 'val.json')
    assert [c['name'] for c in coco.loadCats(coco.getCatIds())] == list(CLASSES)
    assert len(coco.getImgIds()) == SPEC.val
    assert coco.dataset['info']['seed'] == SPEC.seed
    for index in range(SPEC.val):
        info = coco.loadImgs([index + 1])[0]
        pixels = cv2.imread(str(root / 'val' / info['file_name']))
        image, scene = make_image(SPEC, 'val', index)
        np.testing.assert_array_equal(pixels, image)
        found = coco.loadAnns(coco.getAnnIds([index + 1]))
        assert [a['bbox'] for a in found] == [list(item.box) for item in scene]
        for annotation, item in zip(found, scene, strict=True):
            assert CLASSES[annotation['category_id'] - 1] == item.label
            assert annotation['area'] == item.box[2] * item.box[3]
            if item.partner is not None:
                partner = coco.loadAnns([annotation['partner']])[0]
                assert partner['bbox'] == list(scene[item.partner].box)


def test_many_at_once(tmp_path, root):
    folder = tmp_path / 'deep' / 'shapes'
    with ThreadPoolExecutor(3) as pool:
        for job in [pool.submit(ensure, folder, SPEC) for _ in range(3)]:
            job.result()
    assert _contents(folder) == _contents(root)
    assert [path.name for path in folder.parent.iterdir()] == ['shapes']


def test_the_slower_of_two_takes_the_folder_of_the_faster(tmp_path, root, monkeypatch):
    rename, folder = os.replace, tmp_path / 'shapes'

    def be_late(source, target):
        monkeypatch.setattr(os, 'replace', rename)
        ensure(folder, SPEC)
        rename(source, target)

    monkeypatch.setattr(os, 'replace', be_late)
    ensure(folder, SPEC)
    assert os.replace is rename
    assert _contents(folder) == _contents(root)
    assert [path.name for path in tmp_path.iterdir()] == ['shapes']


def test_an_intact_folder_is_left_alone(root):
    before = {path: path.stat().st_mtime_ns for path in root.rglob('*')}
    ensure(root, SPEC)
    assert before == {path: path.stat().st_mtime_ns for path in root.rglob('*')}


def test_another_specification_is_refused(root):
    with pytest.raises(UnreadableDataError, match=r'shapes holds another.*seed'):
        ensure(root, replace(SPEC, seed=9))


@pytest.mark.parametrize('harm', ['annotation', 'image', 'spec', 'version'])
def test_harm_is_named(tmp_path, harm):
    folder = tmp_path / 'shapes'
    ensure(folder, SPEC)
    if harm == 'annotation':
        path = folder / 'annotations' / 'train.json'
        content = json.loads(path.read_text())
        content['annotations'].pop()
        path.write_text(json.dumps(content))
        message = 'sha256'
    elif harm == 'image':
        (folder / 'val' / '000002.png').unlink()
        message = r'000002\.png is missing'
    elif harm == 'spec':
        (folder / 'spec.json').unlink()
        message = 'not a whole ContextShapes'
    else:
        path = folder / 'spec.json'
        path.write_text(path.read_text().replace('"version": ', '"version": 9'))
        message = 'different: version'
    with pytest.raises(UnreadableDataError, match=message):
        ensure(folder, SPEC)


def test_a_strange_folder_is_not_touched(tmp_path):
    (tmp_path / 'holiday.jpg').write_bytes(b'x')
    with pytest.raises(UnreadableDataError, match='Move the folder away'):
        ensure(tmp_path, SPEC)
    assert [path.name for path in tmp_path.iterdir()] == ['holiday.jpg']


def test_a_broken_off_run_leaves_no_folder(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError('disk full')

    monkeypatch.setattr(cv2, 'imwrite', fail)
    with pytest.raises(OutputError, match=r'cannot write .*shapes: disk full'):
        ensure(tmp_path / 'shapes', SPEC)
    assert not list(tmp_path.iterdir())


def _build(folder: Path, split: str = 'train', **kwargs):
    return DATASETS.build(
        dict(
            type='ContextShapesDataset',
            spec=dict(seed=3, train=12, val=5),
            data_root=str(folder),
            ann_file=f'annotations/{split}.json',
            data_prefix=dict(img=f'{split}/'),
            pipeline=[],
            **kwargs,
        )
    )


def test_dataset_is_made_on_first_use(tmp_path, root):
    dataset = _build(tmp_path / 'made', split='val')
    assert len(dataset) == 5
    assert dataset.metainfo['classes'] == CLASSES
    assert dataset.metainfo['context_classes'] == CONTEXT_CLASSES
    assert _contents(tmp_path / 'made') == _contents(root)


def test_dataset_labels(root):
    dataset = _build(root)
    for index in range(len(dataset)):
        info, (_, scene) = dataset[index], make_image(SPEC, 'train', index)
        held = {item.label for item in scene}
        assert info['gt_score'].tolist() == [int(name in held) for name in CLASSES]
        for position, name in enumerate(CLASSES):
            areas = [o.box[2] * o.box[3] for o in scene if o.label == name]
            assert info['gt_area'][position] == max(areas, default=0)


def test_lazy_dataset_writes_nothing_yet(tmp_path):
    dataset = _build(tmp_path / 'lazy', lazy_init=True)
    assert not (tmp_path / 'lazy').exists()
    dataset.full_init()
    assert len(dataset) == 12


def test_dataset_needs_a_folder():
    with pytest.raises(ConfigError, match='data_root'):
        _build('')


@pytest.mark.parametrize(
    ('spec', 'message'),
    [
        (dict(size=40), 'spec.size must be a whole number of at least 85, not 40'),
        (dict(train=2.5), 'spec.train must be .* not 2.5'),
        (dict(val=0), 'spec.val must be .* at least 1, not 0'),
        (dict(seed=-1), 'spec.seed must be .* at least 0, not -1'),
        (dict(sise=96), 'spec has seed, size, train, val, not sise'),
    ],
)
def test_a_specification_that_cannot_be_drawn_is_told(tmp_path, spec, message):
    root = tmp_path / 'shapes'
    with pytest.raises(ConfigError, match=message):
        DATASETS.build(
            dict(type='ContextShapesDataset', data_root=str(root), spec=spec)
        )
    assert not root.exists()


def test_the_smallest_image_has_room_for_a_pair():
    spec = ContextShapesSpec(size=SMALLEST_SIZE)
    scenes = [make_image(spec, 'train', index)[1] for index in range(10)]
    assert any(item.partner is not None for scene in scenes for item in scene)
