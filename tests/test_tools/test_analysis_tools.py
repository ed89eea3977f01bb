"""The analysis tools on small inputs; figures are checked for form, not for speed."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import cv2
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

ROOT = Path(__file__).resolve().parents[2]
SHAPES = ROOT / 'configs/scanet/scanet_r18_fpn_shapes.py'


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """Write a working folder of two runs; the later one was killed while writing."""
    lines = [
        dict(loss=3.0, time=0.5, epoch=1, iter=1, step=1),
        dict(loss=2.0, time=0.3, epoch=1, iter=2, step=2),
        {'multi-label/mAP': 40.0, 'time': 9.0, 'step': 1},
        dict(loss=1.0, time=0.1, epoch=2, iter=3, step=3),
    ]
    for name, count in (('20250101_000000', 1), ('20250102_000000', 4)):
        folder = tmp_path / 'run' / name / 'vis_data'
        folder.mkdir(parents=True)
        text = ''.join(json.dumps(line) + '\n' for line in lines[:count])
        (folder / 'scalars.json').write_text(text + '{"loss": 0.')
        (folder / 'config.json').write_text('not a log')
    return tmp_path / 'run'


def test_curves_are_drawn(
    run_dir: Path, tmp_path: Path, run_tool: Callable[..., None]
) -> None:
    out = tmp_path / 'new' / 'curves.png'
    run_tool(
        *('analysis_tools/analyze_logs', 'plot', run_dir, '--out', out),
        *('--keys', 'loss', 'multi-label/mAP'),
    )
    assert cv2.imread(str(out)).std() > 0


def test_logs_are_read_whole(
    run_dir: Path, load_tool: Callable[[str], ModuleType]
) -> None:
    tool = load_tool('analysis_tools/analyze_logs')
    log = tool.find_log(str(run_dir))
    assert log.parts[-3] == '20250102_000000'  # the last run
    steps, values = tool.values(tool.load_log(log), 'loss', log)
    assert (steps.tolist(), values.tolist()) == ([1, 2, 3], [3.0, 2.0, 1.0])


def test_times_are_those_of_training(
    run_dir: Path, capsys: pytest.CaptureFixture, run_tool: Callable[..., None]
) -> None:
    run_tool('analysis_tools/analyze_logs', 'times', run_dir)
    out = capsys.readouterr().out
    assert '0.3000 s an iteration' in out  # without the validation's 9 s
    assert 'slowest epoch 1 (0.4000 s), fastest epoch 2 (0.1000 s)' in out


def test_missing_keys_and_logs_are_named(
    run_dir: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    tool = 'analysis_tools/analyze_logs'
    error = refused(tool, 'plot', run_dir, '--keys', 'mAP')
    assert 'no "mAP"; it has epoch, iter, loss, multi-label/mAP, step, time' in error
    error = refused(tool, 'plot', tmp_path / 'nothing')
    assert 'no vis_data/scalars.json' in error
    error = refused(
        *(tool, 'plot', run_dir, '--legend', 'a', 'b'),
        *('--out', tmp_path / 'x.png'),
    )
    assert '2 names for 1 logs' in error
    error = refused(tool, 'plot', run_dir, '--out', tmp_path / 'curves')
    assert 'curves: the name must end in .png' in error
    (tmp_path / 'log.json').write_bytes(b'\xff\xfe\x00')
    error = refused(tool, 'times', tmp_path / 'log.json')
    assert 'log.json is no log' in error


def test_pictures_of_a_dataset_are_written(
    tmp_path: Path, run_tool: Callable[..., None]
) -> None:
    config = tmp_path / 'tiny.py'
    config.write_text(
        f"_base_ = '{SHAPES}'\n"
        # Colours leave fractions of a grey level.
        'steps = [*_base_.train_pipeline]\n'
        "steps.insert(2, dict(type='PhotoMetricDistortion'))\n"
        'train_dataloader = dict(\n'
        '    dataset=dict(spec=dict(train=6, val=1), pipeline=steps)\n'
        ')\n'
    )
    run_tool(
        *('analysis_tools/browse_dataset', config, '--max-images', 2),
        *('--data-root', tmp_path / 'data', '--output-dir', tmp_path / 'pictures'),
    )
    pictures = sorted((tmp_path / 'pictures').iterdir())
    assert [each.suffix for each in pictures] == ['.jpg', '.jpg']
    height, width, _ = cv2.imread(str(pictures[0])).shape
    assert width == 560 < height  # 160 x 160, enlarged; the labels stand under it


def test_long_names_are_cut(
    tmp_path: Path, load_tool: Callable[[str], ModuleType]
) -> None:
    class Letters(list):
        metainfo = dict(classes=('a',))

    # As long, with its ending, as a file's name may be: 255 bytes.
    sample = DetDataSample(metainfo=dict(img_path=f'in/{"ü" * 125}.jpeg'))
    sample.gt_instances = InstanceData(
        bboxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.long)
    )
    item = dict(inputs=torch.zeros(3, 32, 32, dtype=torch.uint8), data_samples=sample)
    tool = load_tool('analysis_tools/browse_dataset')
    tool.write_pictures(Letters([item]), tmp_path, 1)
    (picture,) = tmp_path.iterdir()
    assert picture.name == f'00000_{"ü" * 60}.jpg'


def test_a_folder_of_something_else_is_one_line(
    tmp_path: Path, refused: Callable[..., str]
) -> None:
    (tmp_path / 'holiday.jpg').write_bytes(b'x')
    error = refused(
        *('analysis_tools/browse_dataset', SHAPES, '--data-root', tmp_path),
        *('--output-dir', tmp_path / 'pictures'),
    )
    assert 'is not a whole ContextShapes data set' in error


def test_settings_of_the_model_are_one_line(refused: Callable[..., str]) -> None:
    error = refused(
        *('analysis_tools/get_flops', SHAPES),
        *('--cfg-options', 'model.roi_head.fusion.pool=mean'),
    )
    assert error.startswith('error: pool must be one of')


def test_unwritable_folder_is_one_line(
    tmp_path: Path, refused: Callable[..., str]
) -> None:
    (tmp_path / 'file').write_text('')
    error = refused(
        *('analysis_tools/browse_dataset', SHAPES),
        *('--output-dir', tmp_path / 'file' / 'in'),
    )
    assert error.startswith('error: cannot write to')


def test_flops_and_parameters(
    capsys: pytest.CaptureFixture, run_tool: Callable[..., None]
) -> None:
    run_tool('analysis_tools/get_flops', SHAPES, '--shape', 64, 96)
    assert 'input       64 x 96' in capsys.readouterr().out
    run_tool('analysis_tools/get_flops', SHAPES)
    out = capsys.readouterr().out
    assert 'input       160 x 160' in out  # as the config's test pipeline
    assert ' M\n' in out
    assert 'predict_labels' in out
    assert 'patches' in out


def test_flops_of_a_peer_without_boxes(
    capsys: pytest.CaptureFixture, run_tool: Callable[..., None]
) -> None:
    peer = ROOT / 'projects/resnet_gmp/configs/resnet_gmp_r18_shapes.py'
    run_tool('analysis_tools/get_flops', peer)
    out = capsys.readouterr().out
    assert 'parameters  0.17 M' in out
    assert 'patches' not in out


def test_benchmark_reports_every_ratio(
    tmp_path: Path, capsys: pytest.CaptureFixture, run_tool: Callable[..., None]
) -> None:
    out = tmp_path / 'figures.json'
    run_tool(
        *('analysis_tools/benchmark', SHAPES, '--shape', 64, 64),
        *('--repeats', 2, '--warmup', 1, '--staged', '--same-patches'),
        *('--no-memory', '--out', out),
    )
    text = capsys.readouterr().out
    for row in ('training iteration', 'with boxes', 'labels only', 'backbone frozen'):
        assert row in text
    figures = json.loads(out.read_text())['result']
    assert set(figures) == {'SCANet', 'Faster R-CNN'}
    ours = figures['SCANet']
    assert set(ours) == {
        *('parameters', 'train', 'train_frozen', 'predict', 'predict_labels'),
    }
    assert len(ours['train']['times']) == 2
    assert ours['train']['flops'] > ours['train_frozen']['flops']


def test_models_that_cannot_be_benchmarked_are_told(
    refused: Callable[..., str],
) -> None:
    tool = 'analysis_tools/benchmark'
    csra = ROOT / 'projects/csra/configs/csra_r18_shapes.py'
    assert 'a MultiLabelClassifier without neck' in refused(tool, csra)
    assert '-5 is below 1' in refused(tool, SHAPES, '--shape', '64', '-5')


def test_methods_are_timed_in_turn(
    capsys: pytest.CaptureFixture, run_tool: Callable[..., None]
) -> None:
    peers = [
        ROOT / f'projects/{name}/configs/{name}_r18_shapes.py'
        for name in ('resnet_gmp', 'csra')
    ]
    run_tool(
        *('analysis_tools/benchmark_methods', *peers, '--shape', 32, 32),
        *('--repeats', 2, '--warmup', 1, '--batch-size', 2),
    )
    lines = capsys.readouterr().out.strip().splitlines()
    assert 'batches of 2 images, 32 x 32; float32; torch' in lines[0]
    times, done = cells(lines[4:6]), cells(lines[-2:])
    assert [row[0] for row in times] == ['resnet_gmp', 'csra']
    # Joint, frozen and cached training, labels: times and their ratios.
    assert times[0][2::2] == ['1.00'] * 4
    assert all(float(ratio) > 0 for ratio in times[1][2::2])
    # Images a second, of training and of labels, are those of the times.
    assert 'Matrix products: ' in lines[7]
    assert [row[0] for row in done] == ['resnet_gmp', 'csra']
    for row, timed in zip(done, times, strict=True):
        assert len(row) == 9
        for rate, time in ((row[1], timed[1]), (row[5], timed[7])):
            # Both are told to a tenth, which is coarse for the one that is small.
            milliseconds = float(time.split()[0])
            slack = 0.051 * (1 + 2e3 / milliseconds**2)
            assert float(rate) == pytest.approx(2e3 / milliseconds, abs=slack)


def cells(lines: list[str]) -> list[list[str]]:
    """Part rows of a Markdown table."""
    return [[cell.strip() for cell in line.strip('|').split('|')] for line in lines]


def test_throughput_by_hand(load_tool: Callable[[str], ModuleType]) -> None:
    tool = load_tool('analysis_tools/benchmark_methods')
    times = dict(train=[[0.5, 0.5]], predict_labels=[[0.1]])
    flops = dict(train=[10**12], predict_labels=[10**11])
    table = tool.throughput_table(['a'], times, flops, batch_size=4, rate=4e12)
    assert cells(table.splitlines()[2:]) == [
        [
            'a',
            *('8.0', '250.00', '2.000', '50%'),
            *('40.0', '25.00', '1.000', '25%'),
        ]
    ]


def test_half_precision_that_the_device_lacks_is_one_line(
    refused: Callable[..., str],
) -> None:
    for tool in ('benchmark_methods', 'profile_model'):
        error = refused(f'analysis_tools/{tool}', SHAPES, '--dtype', 'float16')
        assert error == 'error: --dtype float16 needs a GPU; a CPU has bfloat16'


def test_a_model_without_memory_formats_is_one_line(
    tmp_path: Path, refused: Callable[..., str]
) -> None:
    config = tmp_path / 'detector.py'
    config.write_text("_base_ = 'mmdet::faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py'")
    error = refused('analysis_tools/benchmark_settings', config, '--shape', 64, 64)
    assert error.startswith('error: FasterRCNN has no channels_last')


def test_settings_are_timed_in_turn(
    capsys: pytest.CaptureFixture, run_tool: Callable[..., None]
) -> None:
    run_tool(
        *('analysis_tools/benchmark_settings', SHAPES, '--shape', 64, 64),
        *('--repeats', 1, '--warmup', 1, '--batch-size', 1),
    )
    rows = cells(capsys.readouterr().out.strip().splitlines()[-4:])
    assert [row[0] for row in rows] == [
        *('float32', 'float32, channels-last'),
        *('bfloat16', 'bfloat16, channels-last'),
    ]
    assert rows[0][2::2] == ['1.00'] * 3
    assert all(float(ratio) > 0 for row in rows for ratio in row[2::2])


def test_settings_with_and_without_compilation(
    load_tool: Callable[[str], ModuleType],
) -> None:
    tool = load_tool('analysis_tools/benchmark_settings')
    named = tool.name_settings(tool.Setting(device='cuda:1'), compiled=True)
    assert len(named) == 12
    assert list(named)[-1] == 'float16, channels-last, compiled'
    last = named['float16, channels-last, compiled']
    assert (last.dtype, last.channels_last, last.compiled) == ('float16', True, True)
    assert last.device == 'cuda:1'


def test_profile_names_parts_and_operations(
    capsys: pytest.CaptureFixture, run_tool: Callable[..., None]
) -> None:
    run_tool(
        *('analysis_tools/profile_model', SHAPES, '--shape', 64, 64),
        *('--repeats', 1, '--warmup', 1, '--batch-size', 1, '--dtype', 'bfloat16'),
    )
    out = capsys.readouterr().out
    assert 'batches of 1 images, 64 x 64; bfloat16' in out
    for title in ('train', 'train_frozen', 'predict'):
        assert f'\n{title}, ' in out
    for row in ('backbone', 'backward', 'roi_head.context_head', 'rest', 'RoIAlign'):
        assert out.count(f'\n| {row} | ') == 3


def test_allocator_is_timed_in_two_processes(
    capsys: pytest.CaptureFixture, run_tool: Callable[..., None]
) -> None:
    run_tool(
        *('analysis_tools/benchmark_allocator', SHAPES, '--shape', 32, 32),
        *('--repeats', 1, '--warmup', 1, '--batch-size', 1, '--threads', 1),
    )
    lines = capsys.readouterr().out.strip().splitlines()
    assert ', 1 thread; batches of 1 images, 32 x 32' in lines[0]
    assert [line.split(' | ')[0] for line in lines[-4:]] == [
        *('| training', '| training, backbone frozen', '| prediction'),
        '| peak memory, MiB',
    ]
    assert all(float(line.strip(' |').split(' | ')[-1]) > 0 for line in lines[-4:])


def test_methods_cannot_be_timed_never_or_nowhere(refused: Callable[..., str]) -> None:
    tool = 'analysis_tools/benchmark_methods'
    assert 'argument --repeats: 0 is below 1' in refused(tool, '--repeats', 0)
    assert 'device abacus cannot' in refused(tool, SHAPES, '--device', 'abacus')
    for each in (tool, 'analysis_tools/benchmark_allocator'):
        error = refused(each, SHAPES, '--threads', -1)
        assert 'argument --threads: -1 is below 0' in error


def test_methods_of_different_size_are_refused(refused: Callable[..., str]) -> None:
    other = ROOT / 'configs/scanet/scanet_r18_fpn_voc07.py'
    error = refused('analysis_tools/benchmark_methods', SHAPES, other)
    assert error == 'error: the configs have inputs of 2 sizes; give --shape'


def test_merged_config_is_printed(
    capsys: pytest.CaptureFixture, run_tool: Callable[..., None]
) -> None:
    run_tool(
        *('misc/print_config', SHAPES, '--data-root', '/somewhere'),
        *('--cfg-options', 'train_cfg.max_epochs=77'),
    )
    out = capsys.readouterr().out
    assert 'max_epochs=77' in out
    assert "data_root = '/somewhere'" in out
    assert '_base_' not in out
