"""Labels with evidence for pictures that people bring."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image

from mmscanet.apis import SCANetInferencer
from mmscanet.errors import UsageError
from mmscanet.evaluation import ScoreTable
from mmscanet.evaluation.thresholds import LabelThresholds, sidecar_path


@pytest.fixture
def measure(
    tiny_config: Path,
    tiny_checkpoint: Path,
    tmp_path: Path,
    run_tool: Callable[..., None],
) -> Callable[..., ScoreTable]:
    """Run the test command on the tiny model; what it writes."""

    def run(*options: str) -> ScoreTable:
        out = tmp_path / 'scores.npz'
        command = ('test', tiny_config, tiny_checkpoint, '--work-dir', tmp_path)
        run_tool(*command, '--out', out, *options)
        return ScoreTable.load(out)

    return run


def test_figures_equal_those_of_the_test_command(
    inferencer: SCANetInferencer,
    pictures: list[str],
    measure: Callable[..., ScoreTable],
) -> None:
    table = measure()
    results = inferencer(pictures, batch_size=2, threshold=0, return_datasamples=True)
    for key in ('pred_score', 'pred_object_score', 'pred_context_score'):
        given = np.stack([sample.get(key) for sample in results['data_samples']])
        assert np.array_equal(given, table.scores(key))
    for row, prediction in enumerate(results['predictions']):
        by_label = {each['label']: each for each in prediction['labels']}
        for column, name in enumerate(table.classes):
            shown = by_label[str(name)]
            assert shown['score'] == round(float(table.pred_score[row, column]), 5)
            assert shown['boxes'][0]['score'] == shown['score']


def test_several_views_give_what_the_test_command_measures(
    inferencer: SCANetInferencer,
    pictures: list[str],
    tiny_config: Path,
    tiny_checkpoint: Path,
    measure: Callable[..., ScoreTable],
) -> None:
    table = measure('--tta')
    several = SCANetInferencer(
        tiny_config, tiny_checkpoint, device='cpu', show_progress=False, tta=True
    )
    options = dict(batch_size=2, threshold=0, return_datasamples=True)
    results = several(pictures, return_vis=True, **options)
    given = np.stack([sample.pred_score for sample in results['data_samples']])
    assert np.array_equal(given, table.pred_score)
    single = inferencer(pictures, **options)['data_samples']
    assert not np.allclose(given, np.stack([sample.pred_score for sample in single]))
    for sample in results['data_samples']:
        height, width = sample.ori_shape
        boxes = sample.pred_instances.bboxes
        assert len(boxes) > 0 and boxes.min() >= 0
        assert (boxes.max(0).values <= torch.tensor([width, height] * 2)).all()


def test_any_kind_of_input_gives_the_same_labels(
    inferencer: SCANetInferencer, pictures: list[str]
) -> None:
    path = pictures[0]
    kinds = [path, Path(path), cv2.imread(path), Image.open(path)]
    results = [inferencer(kind, threshold=0)['predictions'][0] for kind in kinds]
    assert [each['image'] for each in results] == [path, path, None, None]
    assert all(each['labels'] == results[0]['labels'] for each in results)
    together = inferencer(kinds, batch_size=3)['predictions']
    assert len(together) == 4


def test_sizes_mix_in_a_batch(
    inferencer: SCANetInferencer, pictures: list[str]
) -> None:
    small = cv2.imread(pictures[0])
    large = cv2.resize(cv2.imread(pictures[1]), (400, 240))
    apart = [inferencer(each, threshold=0)['predictions'][0] for each in (small, large)]
    together = inferencer([small, large], batch_size=2, threshold=0)['predictions']
    for one, two in zip(apart, together, strict=True):
        assert (one['width'], one['height']) == (two['width'], two['height'])
        for a, b in zip(one['labels'], two['labels'], strict=True):
            assert a['score'] == pytest.approx(b['score'], abs=1e-4)
    assert together[1]['width'] == 400
    corners = [box['box'] for x in together[1]['labels'] for box in x['boxes']]
    assert max(corner[2] for corner in corners) > 200  # pixels of the original
    assert all(0 <= x1 <= x2 <= 400 for x1, _, x2, _ in corners)


def test_unreadable_files_are_skipped_and_told(
    inferencer: SCANetInferencer, pictures: list[str], tmp_path: Path
) -> None:
    (tmp_path / 'a_broken.jpg').write_bytes(b'\xff\xd8\xff no picture')
    (tmp_path / 'b_empty.png').touch()
    shutil.copy(pictures[0], tmp_path / 'c.png')
    (tmp_path / 'e_empty.webp').touch()
    # A header of more pixels than OpenCV reads.
    (tmp_path / 'd_large.pgm').write_bytes(b'P5 99999 99999 255 ')
    results = inferencer(tmp_path, batch_size=2)
    assert [Path(x['image']).name for x in results['predictions']] == ['c.png']
    skipped = [(Path(path).name, reason) for path, reason in results['skipped']]
    assert skipped[:2] == [
        ('a_broken.jpg', 'no picture, or not a whole one'),
        ('b_empty.png', 'the file is empty'),
    ]
    assert skipped.pop() == ('e_empty.webp', 'the file is empty')
    ((name, reason),) = skipped[2:]
    assert name == 'd_large.pgm' and 'MAX_IMAGE_PIXELS' in reason
    assert 'loadsave.cpp' not in reason
    with pytest.warns(UserWarning, match='skipped .*b_empty.png'):
        assert list(inferencer.stream(tmp_path / 'b_empty.png')) == []


def test_stream_reads_no_further_than_asked(
    inferencer: SCANetInferencer, pictures: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    loader = inferencer.loader
    monkeypatch.setattr(inferencer, 'loader', lambda x: (read.append(x), loader(x))[1])
    stream = inferencer.stream(pictures, batch_size=2)
    first = next(stream)
    assert len(read) == 2
    assert first.image.shape == (first.prediction['height'],) + (160, 3)
    rgb = np.asarray(Image.open(pictures[0]).convert('RGB'))
    assert np.array_equal(first.image, rgb)


def test_fitted_thresholds_lie_beside_the_checkpoint(
    inferencer: SCANetInferencer, pictures: list[str]
) -> None:
    path = sidecar_path(inferencer.weights)
    with pytest.raises(UsageError, match='tools/fit_thresholds.py'):
        inferencer(pictures[0], threshold='fitted')
    values = np.linspace(0, 1, len(inferencer.classes))
    LabelThresholds(inferencer.classes, values).save(path)
    try:
        (fitted,) = inferencer(pictures[0], threshold='fitted')['predictions']
    finally:
        path.unlink()
    (every,) = inferencer(pictures[0], threshold=0)['predictions']
    limits = dict(zip(inferencer.classes, values, strict=True))
    expected = [x['label'] for x in every['labels'] if x['score'] >= limits[x['label']]]
    assert [each['label'] for each in fitted['labels']] == expected
    assert 0 < len(expected) < len(values)


def test_checkpoint_alone_is_enough(
    tiny_checkpoint: Path, pictures: list[str], inferencer: SCANetInferencer
) -> None:
    alone = SCANetInferencer(weights=tiny_checkpoint, show_progress=False)
    expected = inferencer(pictures[0], threshold=0)
    assert alone(pictures[0], threshold=0)['predictions'] == expected['predictions']


def test_bare_weights_take_the_names_of_the_configs_data(
    tiny_config: Path, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    content = torch.load(tiny_checkpoint, weights_only=False)
    torch.save(content['state_dict'], tmp_path / 'bare.pth')
    bare = SCANetInferencer(tiny_config, tmp_path / 'bare.pth', show_progress=False)
    assert bare.classes == content['meta']['dataset_meta']['classes']


def test_mistakes_are_told_before_any_work(
    tiny_config: Path, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    (tmp_path / 'text.pth').write_text('no weights')
    other = tmp_path / 'other.py'
    other.write_text(
        f"_base_ = '{tiny_config}'\n"
        'model = dict(roi_head=dict(context_head=dict(fc_out_channels=16)))\n'
    )
    detector = tmp_path / 'detector.py'
    detector.write_text(f"_base_ = '{tiny_config}'\nmodel = dict(type='FasterRCNN')\n")
    broken = tmp_path / 'broken.py'
    broken.write_text('model = dict(\n')
    for model, weights, message in [
        (None, None, 'name a model, a checkpoint'),
        ('none.py', tiny_checkpoint, 'config file none.py does not exist'),
        ('scanet_r18_fpn_shape', None, 'did you mean "scanet_r18_fpn_shapes"'),
        ('scanet_r18_fpn_shapes', None, 'no checkpoint is published for .* yet'),
        (tiny_config, tmp_path / 'none.pth', 'none.pth does not exist'),
        (tiny_config, tmp_path / 'text.pth', 'text.pth is none, or damaged'),
        (detector, tiny_checkpoint, 'a FasterRCNN gives images no labels: name a SC'),
        (Config.fromfile(tiny_config), None, '^name a model, a checkpoint'),
        (other, tiny_checkpoint, 'not of this model: .*roi_head.context_head'),
        (
            tiny_config,
            'http://127.0.0.1:9/x.pth',
            'cannot fetch http.*x.pth: .*refused',
        ),
        (broken, tiny_checkpoint, 'config file .*broken.py'),
    ]:
        with pytest.raises(UsageError, match=message):
            SCANetInferencer(model, weights, show_progress=False)
    for option, message in [
        ({'model.type': 'NoSuchModel'}, 'cannot be built: KeyError: .*NoSuchModel'),
        (
            {'test_dataloader.dataset.pipeline.1.type': 'NoSuchStep'},
            'cannot be built: KeyError: .*NoSuchStep',
        ),
    ]:
        with pytest.raises(UsageError, match=message):
            SCANetInferencer(tiny_config, tiny_checkpoint, cfg_options=option)


@pytest.mark.parametrize('batch_size', [0, 1.5, 'many'])
def test_a_batch_is_a_whole_number_of_images(
    inferencer: SCANetInferencer, batch_size: object
) -> None:
    with pytest.raises(UsageError, match='batch_size must be a whole number'):
        inferencer(np.zeros((8, 8, 3), np.uint8), batch_size=batch_size)


def test_settings_of_a_config_file_can_be_changed(
    tiny_config: Path, tiny_checkpoint: Path
) -> None:
    options = {'model.test_cfg.rcnn.max_per_img': 3}
    changed = SCANetInferencer(
        tiny_config, tiny_checkpoint, show_progress=False, cfg_options=options
    )
    assert changed.cfg.model.test_cfg.rcnn.max_per_img == 3
    with pytest.raises(UsageError, match='cfg_options: name the config file'):
        SCANetInferencer(weights=tiny_checkpoint, cfg_options=options)


def test_devices_that_are_not_here_are_named(
    tiny_checkpoint: Path,
) -> None:
    for device in ('gpu', 'cuda:99', 'meta', 'hpu'):
        with pytest.raises(UsageError, match=f'device {device} cannot be used: '):
            SCANetInferencer(weights=tiny_checkpoint, device=device)


def test_checkpoint_without_a_config_needs_one_named(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    content = torch.load(tiny_checkpoint, weights_only=False)
    strange = "custom_imports = dict(imports=['of_a_colleague'])\nmodel = dict()\n"
    for number, cfg in enumerate((None, 'model = dict(', strange)):
        content['meta']['cfg'] = cfg
        if cfg is None:
            del content['meta']['cfg']
        torch.save(content, tmp_path / f'{number}.pth')
        with pytest.raises(UsageError, match='carries no config that can be used'):
            SCANetInferencer(weights=tmp_path / f'{number}.pth')


def test_weights_and_scores_that_are_not_numbers_are_refused(
    tiny_checkpoint: Path, tmp_path: Path, pictures: list[str]
) -> None:
    content = torch.load(tiny_checkpoint, weights_only=False)
    content['state_dict']['roi_head.bbox_head.fc_cls.bias'][0] = float('nan')
    torch.save(content, tmp_path / 'nan.pth')
    with pytest.raises(UsageError, match=r'no numbers .*fc_cls\.bias: its training'):
        SCANetInferencer(weights=tmp_path / 'nan.pth')
    # What is finite in the file may still overflow in the model.
    damaged = SCANetInferencer(weights=tiny_checkpoint, show_progress=False)
    damaged.model.roi_head.bbox_head.fc_cls.bias.data[0] = float('nan')
    with pytest.raises(UsageError, match=f'gives {pictures[0]} scores that are not'):
        damaged(pictures)


def test_pictures_are_drawn_at_the_threshold_of_the_prediction(
    inferencer: SCANetInferencer, pictures: list[str]
) -> None:
    (labelled,) = inferencer.stream(pictures[:1], threshold=0.9)
    assert np.array_equal(inferencer.draw(labelled), inferencer.draw(labelled, 0.9))
    assert not np.array_equal(inferencer.draw(labelled), inferencer.draw(labelled, 0.1))
    results = inferencer([pictures[0]], threshold=0.9, return_vis=True)
    assert np.array_equal(results['visualization'][0], inferencer.draw(labelled))


def test_name_of_the_zoo_is_enough(
    publish: Callable[..., Path],
    tiny_weights: bytes,
    tmp_path: Path,
    pictures: list[str],
    inferencer: SCANetInferencer,
) -> None:
    """The zoo's files hold float16, which is computed with as float32."""
    (tmp_path / 'share.pth').write_bytes(tiny_weights)
    publish(tiny_weights, (tmp_path / 'share.pth').as_uri())
    named = SCANetInferencer('Tiny', show_progress=False)
    assert Path(named.weights).parent == tmp_path / 'cache'
    assert {x.dtype for x in named.model.parameters()} == {torch.float32}
    assert named.classes == inferencer.classes
    (given,) = named(pictures[0], return_datasamples=True)['data_samples']
    (exact,) = inferencer(pictures[0], return_datasamples=True)['data_samples']
    assert torch.allclose(given.pred_score, exact.pred_score, atol=0.01)


def test_checkpoint_of_the_zoo_runs_no_code(
    publish: Callable[..., Path], tiny_checkpoint: Path, tmp_path: Path
) -> None:
    class Code:
        def __reduce__(self) -> tuple:
            return os.makedirs, (str(tmp_path / 'ran'), 0o777, True)

    content = torch.load(tiny_checkpoint, weights_only=True)
    torch.save({**content, 'code': Code()}, tmp_path / 'code.pth')
    path = publish((tmp_path / 'code.pth').read_bytes())
    with pytest.raises(UsageError, match='more than weights'):
        SCANetInferencer('tiny', show_progress=False)
    assert not (tmp_path / 'ran').exists()
    # The user's own file, named as such, stays free to hold more.
    SCANetInferencer('tiny', path, show_progress=False)
    assert (tmp_path / 'ran').exists()
