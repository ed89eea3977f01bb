"""Pictures of the evidence, by their pixels."""

import colorsys

import cv2
import numpy as np
import pytest
import torch
from mmdet.registry import VISUALIZERS
from mmdet.structures import DetDataSample
from mmdet.visualization import DetLocalVisualizer
from mmengine.structures import InstanceData

from mmscanet.errors import UsageError
from mmscanet.evaluation.thresholds import LabelThresholds
from mmscanet.visualization import EvidenceVisualizer
from mmscanet.visualization.palette import (
    BACKGROUND,
    LABEL_COLOURS,
    RED,
    label_colour,
)

CLASSES = ('cat', 'dog', 'cup')
IMAGE = np.full((600, 800, 3), 120, np.uint8)  # large enough to stay as it is
BOXES = [[100, 100, 300, 250], [400, 300, 700, 500], [120, 400, 200, 480]]


def visualizer(**kwargs) -> EvidenceVisualizer:
    result = EvidenceVisualizer(**kwargs)
    result.dataset_meta = dict(classes=CLASSES)
    return result


def where(picture: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return (picture == colour).all(axis=-1)


@pytest.fixture
def sample(make_sample) -> DetDataSample:
    """Cat and dog pass at 0.5; by the object branch alone the dog would not."""
    return make_sample(
        score=[0.9, 0.6, 0.1],
        object_score=[0.8, 0.3, 0.1],
        context_score=[0.95, 0.9, 0.1],
        boxes=BOXES,
        labels=[0, 1, 2],
        scores=[0.9, 0.6, 0.1],
        context_boxes=[[50, 50, 350, 300], [350, 250, 750, 550], [90, 370, 230, 510]],
    )


def test_labels_that_pass_are_drawn(sample):
    drawn = visualizer().draw_evidence(IMAGE, sample, 0.5)
    assert drawn.shape[1] == 800 and drawn.shape[0] > 600 and drawn.dtype == np.uint8
    cat, cup = where(drawn, label_colour(0)), where(drawn, label_colour(2))
    assert cat[100:250, 97].all()  # the left side of its box
    assert 0.4 < cat[50:300, 48].mean() < 0.8  # dashes of the context patch
    assert cat[600:].any()  # its row in the table
    assert not cup.any()
    lower = visualizer().draw_evidence(IMAGE, sample, [0.5, 0.5, 0.1])
    assert where(lower, label_colour(2))[:600].any()
    assert lower.shape[0] > drawn.shape[0]  # one row more


@pytest.mark.parametrize('threshold', [0.5, 1.0])  # some label, none
def test_without_the_table(sample, threshold):
    drawn = visualizer(with_table=False).draw_evidence(IMAGE, sample, threshold)
    whole = visualizer().draw_evidence(IMAGE, sample, threshold)
    np.testing.assert_array_equal(drawn, whole[:600])


def test_red_if_and_only_if_context_alone_makes_a_label_pass(sample):
    drawn = visualizer().draw_evidence(IMAGE, sample, 0.5)
    red = where(drawn, RED)
    assert red[300:500, 397].all() and red[600:].any()
    assert not where(drawn, label_colour(1)).any()
    lower = visualizer().draw_evidence(IMAGE, sample, 0.3)
    assert not where(lower, RED).any()
    other = where(lower, label_colour(1))
    assert other[300:500, 397].all()
    # Not by colour alone: its tag, above the box, has a star.
    tag, plain = (np.flatnonzero(each[290, 360:740]) for each in (red, other))
    assert tag.max() > plain.max() + 5


def test_no_label_is_anything_like_red():
    assert len(set(LABEL_COLOURS)) == 20
    for colour in LABEL_COLOURS:
        hue, *_ = colorsys.rgb_to_hsv(*(c / 255 for c in colour))
        assert 35 <= 360 * hue <= 300  # red is 0 and 360


@pytest.mark.parametrize(
    'missing',
    [
        ('pred_object_score',),
        ('pred_context_score',),
        ('pred_object_score', 'pred_context_score', 'pred_instances'),
    ],
)
def test_models_without_a_branch_or_boxes(sample, missing):
    full = visualizer().draw_evidence(IMAGE, sample, 0.5)
    for name in missing:
        delattr(sample, name)
    drawn = visualizer().draw_evidence(IMAGE, sample, 0.5)
    assert not where(drawn, RED).any()
    # The table of the dog has fewer bars than with both branches.
    dog = where(drawn, label_colour(1))[600:].sum()
    assert 0 < dog < where(full, RED)[600:].sum()


def test_nothing_passes(sample):
    picture = visualizer()
    drawn = picture.draw_evidence(IMAGE, sample, 0.95)
    assert (drawn[:600] == IMAGE).all()
    assert not where(drawn[600:], BACKGROUND).all()  # a line of text
    sample.pred_score[0] = 0.94
    assert (picture.draw_evidence(IMAGE, sample, 0.95) != drawn).any()


def test_the_best_boxes_of_a_label_are_drawn(make_sample):
    sample = make_sample(
        score=[0.9, 0, 0],
        boxes=[[x, 200, x + 40, 240] for x in range(100, 600, 100)],
        labels=[0] * 5,
        scores=[0.9, 0.8, 0.7, 0.6, 0.2],
    )

    def lines(**kwargs) -> list[int]:
        """Width of the left side of each box, in pixels."""
        drawn = visualizer(**kwargs).draw_evidence(IMAGE, sample, 0.5)
        found = where(drawn, label_colour(0))[220]
        return [int(found[x - 8 : x].sum()) for x in range(100, 600, 100)]

    assert lines() == [4, 2, 2, 0, 0]  # the best one is the bolder
    assert lines(max_boxes=1) == [4, 0, 0, 0, 0]
    assert lines(max_boxes=9) == [4, 2, 2, 2, 0]  # the fifth does not pass


def test_lines_and_letters_grow_with_the_picture(make_sample):
    def line_width(width: int, height: int) -> int:
        box = [width / 4, height / 4, width / 2, height / 2]
        sample = make_sample([0.9, 0, 0], boxes=[box], labels=[0], scores=[0.9])
        image = np.full((height, width, 3), 120, np.uint8)
        drawn = visualizer().draw_evidence(image, sample, 0.5)
        assert drawn.shape[1] == max(width, 647)
        row = where(drawn, label_colour(0))[int(max(height, 485) * 0.4)]
        return int(row[: drawn.shape[1] * 3 // 8].sum())

    widths = [line_width(*size) for size in ((100, 75), (640, 480), (4000, 3000))]
    assert widths == [3, 3, 18]


@pytest.mark.parametrize(
    ('size', 'longest'),
    [((1, 1), 560), ((1, 9000), 4096), ((9000, 1), 4096), ((8192, 4096), 4096)],
)
def test_any_size_is_drawn(make_sample, size, longest):
    width, height = size
    sample = make_sample(
        [0.9, 0, 0], boxes=[[0, 0, width, height]], labels=[0], scores=[0.9]
    )
    drawn = visualizer().draw_evidence(np.zeros((height, width, 3), np.uint8), sample)
    assert longest <= max(drawn.shape) < longest + 400  # with the table
    assert where(drawn, label_colour(0)).any()


def test_names_that_are_long_or_not_latin(sample):
    picture = visualizer()
    width = picture.draw_evidence(IMAGE, sample, 0).shape[1]
    for name in ('x' * 5000, 'щ' * 300, '長い名前', 'two\nlines', '', '\udcff'):
        picture.dataset_meta = dict(classes=(name, 'dog', 'cup'))
        assert picture.draw_evidence(IMAGE, sample, 0).shape[1] == width


def test_same_input_same_picture(sample):
    image, before = IMAGE.copy(), sample.pred_instances.bboxes.clone()
    first, second = (visualizer().draw_evidence(image, sample, 0.5) for _ in range(2))
    assert (first == second).all()
    assert (image == IMAGE).all() and (sample.pred_instances.bboxes == before).all()


def test_ground_truth(sample):
    sample.gt_instances = InstanceData(
        bboxes=torch.tensor([[100.0, 100, 300, 250]]), labels=torch.tensor([0])
    )
    without = visualizer().draw_truth(IMAGE, sample)
    assert where(without, label_colour(0))[100:250, 97].all()
    sample.ignored_instances = InstanceData(
        bboxes=torch.tensor([[400.0, 300, 700, 500]]), labels=torch.tensor([1])
    )
    sample.gt_score = torch.tensor([1, -1, 0], dtype=torch.int8)
    drawn = visualizer().draw_truth(IMAGE, sample)
    assert 0.4 < where(drawn, label_colour(1))[300:500, 397].mean() < 0.8  # dashed
    assert where(drawn, label_colour(0))[600:].any()  # its key
    sample.gt_score[1] = 0
    scored = visualizer().draw_truth(IMAGE, sample)
    assert (scored[600:] != drawn[600:]).any()  # "not scored: dog" is gone


def test_as_the_visualizer_of_a_run(sample, tmp_path):
    picture = VISUALIZERS.build(dict(type='EvidenceVisualizer', name='of-a-test'))
    assert isinstance(picture, DetLocalVisualizer)
    picture.dataset_meta = dict(classes=CLASSES)
    out = tmp_path / 'out.png'

    def written(**kwargs) -> np.ndarray:
        picture.add_datasample('name', IMAGE, sample, out_file=str(out), **kwargs)
        return cv2.imread(str(out))[..., ::-1]

    evidence = picture.draw_evidence(IMAGE, sample, 0.5)
    assert (written() == evidence).all()  # there is no ground truth yet
    sample.gt_instances = InstanceData(
        bboxes=torch.tensor([[100.0, 100, 300, 250]]), labels=torch.tensor([0])
    )
    both = written()
    assert (both[:600, -800:] == evidence[:600]).all()
    assert (both[:600, :800] == picture.draw_truth(IMAGE, sample)[:600]).all()
    assert (written(draw_gt=False) == evidence).all()
    lower = picture.draw_evidence(IMAGE, sample, 0.3)
    assert (written(draw_gt=False, pred_score_thr=0.3) == lower).all()
    assert (written(draw_gt=False, draw_pred=False) == IMAGE).all()


def test_samples_of_a_detector_are_drawn_as_the_parent_does(sample, tmp_path):
    del sample.pred_score
    pictures = []
    for picture in (visualizer(), DetLocalVisualizer()):
        picture.dataset_meta = dict(classes=CLASSES)
        out = tmp_path / 'out.png'
        picture.add_datasample('name', IMAGE, sample, draw_gt=False, out_file=str(out))
        pictures.append(cv2.imread(str(out)))
    assert (pictures[0] == pictures[1]).all()
    assert (pictures[0] != IMAGE).any()


def test_thresholds_of_the_labels(sample, tmp_path):
    path = tmp_path / 'model.thresholds.json'
    LabelThresholds(CLASSES, np.array([0.95, 0.3, 0.5])).save(path)
    picture, out = visualizer(thr=str(path)), tmp_path / 'out.png'
    picture.add_datasample('name', IMAGE, sample, out_file=str(out))
    drawn = cv2.imread(str(out))[..., ::-1]
    assert not where(drawn, label_colour(0)).any()
    assert where(drawn, label_colour(1)).any()
    picture.dataset_meta = dict(classes=('cat', 'dog', 'cow'))
    with pytest.raises(UsageError, match='cow'):
        picture.add_datasample('name', IMAGE, sample, out_file=str(out))


def test_mistakes_are_told_at_once(tmp_path):
    for mistake in (dict(max_boxes=0), dict(min_size=0), dict(max_side=-1)):
        (name,) = mistake
        with pytest.raises(UsageError, match=f'{name} must be at least 1'):
            EvidenceVisualizer(**mistake)
    with pytest.raises(UsageError, match='neither a font file'):
        EvidenceVisualizer(font='No Such Family')
    with pytest.raises(UsageError, match='missing.json'):
        EvidenceVisualizer(thr=str(tmp_path / 'missing.json'))


def test_pictures_of_a_test_run(tiny_config, tiny_checkpoint, run_tool, tmp_path):
    work_dir = tmp_path / 'work'
    run_tool(
        *('test', tiny_config, tiny_checkpoint),
        *('--work-dir', work_dir, '--show-dir', 'pictures'),
    )
    pictures = sorted(work_dir.glob('*/pictures/*.png'))
    assert len(pictures) == 4
    for path in pictures:
        # The ground truth beside the evidence of scenes of 160 x 160 pixels.
        assert cv2.imread(str(path)).shape[1] == 560 + 15 + 560
