"""Adapting configs on the command line."""

import io
from argparse import ArgumentParser
from http.client import IncompleteRead
from pathlib import Path
from pickle import UnpicklingError
from urllib.error import URLError

import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.fileio import LocalBackend
from torch.utils.data import DataLoader, Dataset

from mmscanet.engine import launch
from mmscanet.engine.config_checks import check_option, check_values
from mmscanet.engine.launch import (
    add_config_arguments,
    add_tensorboard,
    explain_unusable_config,
    input_shape,
    load_config,
    report_usage_errors,
    set_data_root,
    set_work_dir,
)
from mmscanet.engine.weights import check_checkpoint, explain_missing_weights
from mmscanet.errors import ConfigError, DataError, UnreadableDataError, UsageError


def example() -> Config:
    """Return a config with data in two places and two evaluators."""
    root = 'data/coco/'
    train = dict(type='CocoDataset', data_root=root, ann_file='annotations/train.json')
    val = dict(type='CocoDataset', data_root=root, ann_file='annotations/val.json')
    both = dict(type='ConcatDataset', datasets=[train, dict(train)])
    return Config(
        dict(
            data_root=root,
            model=dict(type='SCANet', backbone=dict(type='ResNet', depth=50)),
            train_dataloader=dict(batch_size=2, dataset=both),
            val_dataloader=dict(dataset=val),
            val_evaluator=[
                dict(type='MultiLabelMetric'),
                dict(type='CocoMetric', ann_file=root + 'annotations/val.json'),
            ],
            optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1)),
            default_hooks=dict(logger=dict(type='LoggerHook')),
            visualizer=dict(type='V', vis_backends=[dict(type='LocalVisBackend')]),
            param_scheduler=[dict(type='LinearLR', end=10)],
        )
    )


@pytest.mark.parametrize('root', ['/d/coco', '/d/coco/', 'rel'])
def test_data_root_moves_every_data_set_and_evaluator(root: str) -> None:
    cfg = example()
    set_data_root(cfg, root)
    assert cfg.data_root == root
    sets = cfg.train_dataloader.dataset.datasets
    assert [each.data_root for each in sets] == [root, root]
    assert sets[0].ann_file == 'annotations/train.json'  # joined to data_root later
    assert cfg.val_dataloader.dataset.data_root == root
    assert cfg.val_evaluator[1].ann_file == f'{root.rstrip("/")}/annotations/val.json'


def test_data_root_moves_whole_folder_names() -> None:
    cfg = Config(
        dict(
            val_dataloader=dict(dataset=dict(data_root='data/coco')),
            val_evaluator=[
                dict(type='CocoMetric', ann_file='data/coco/val.json'),
                dict(type='CocoMetric', ann_file='data/coco_extra/val.json'),
            ],
        )
    )
    set_data_root(cfg, '/d')
    files = [each.ann_file for each in cfg.val_evaluator]
    assert files == ['/d/val.json', 'data/coco_extra/val.json']


def test_data_root_needs_a_data_root() -> None:
    with pytest.raises(UsageError, match='no data_root'):
        set_data_root(Config(dict(model=dict(type='A'))), '/d')


@pytest.mark.parametrize(
    'key',
    [
        'model.backbone.depth',
        'model.backbone.with_cp',  # an argument of a class
        'optim_wrapper.clip_grad.max_norm',
        'randomness.seed',  # a setting of the runner
        'find_unused_parameters',
        'param_scheduler.0.end',
        'train_dataloader.dataset.datasets.1.indices',
        'train_dataloader.prefetch_factor',
    ],
)
def test_options_that_make_sense_pass(key: str) -> None:
    check_option(example(), key)


@pytest.mark.parametrize(
    ('key', 'message'),
    [
        ('model.backbone.dept', 'no key "dept"; did you mean "depth"'),
        ('modle.backbone.depth', 'did you mean "model"'),
        ('optim_wraper.optimizer.lr', 'did you mean "optim_wrapper"'),
        ('foo', 'no key "foo"'),
        ('default_hooks.early.patience', 'no key "early"'),
        ('param_scheduler.1.end', '"1" is no index of a list of 1'),
        ('param_scheduler.end', '"end" is no index'),
        ('custom_hooks.0.type', 'the config has no custom_hooks'),
    ],
)
def test_options_that_look_like_mistakes_are_refused(key: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_option(example(), key)


def test_load_config_merges_in_order(tmp_path: Path) -> None:
    path = tmp_path / 'a.py'
    path.write_text("data_root = 'x/'\nval_dataloader = dict(batch_size=1)\n")
    cfg = load_config(str(path), {'val_dataloader.batch_size': 3}, '/new')
    assert (cfg.data_root, cfg.val_dataloader.batch_size) == ('/new', 3)


def test_broken_configs_are_named(tmp_path: Path) -> None:
    path = tmp_path / 'a.py'
    with pytest.raises(UsageError, match=r'a\.py does not exist'):
        load_config(str(path))
    path.write_text('x = (')
    with pytest.raises(UsageError, match=r'a\.py.*(never closed|EOF)'):
        load_config(str(path))
    path.write_text("_base_ = './missing.py'")
    with pytest.raises(UsageError, match=r'a\.py.*missing\.py'):
        load_config(str(path))


def test_files_that_are_no_configs_are_named(tmp_path: Path) -> None:
    readme = tmp_path / 'README.md'
    readme.write_text('# A title')
    with pytest.raises(UsageError, match=r'README\.md.*py/yml'):
        load_config(str(readme))
    broken = tmp_path / 'broken.yml'
    broken.write_text('a: [1')
    with pytest.raises(UsageError, match=r'broken\.yml: ParserError'):
        load_config(str(broken))
    part = tmp_path / 'part.yml'
    part.write_text('model: {type: SCANet}')
    assert load_config(str(part), needs=['model']).model.type == 'SCANet'
    with pytest.raises(UsageError, match=r'part\.yml has no train_cfg, b;'):
        load_config(str(part), needs=['model', 'train_cfg', 'b'])


def test_shape_is_that_of_the_test_pipeline() -> None:
    cfg = example()
    with pytest.raises(UsageError, match='no Resize with a scale; give the shape'):
        input_shape(cfg)
    cfg.train_dataloader.dataset.datasets[0].pipeline = [dict(type='Resize', scale=9)]
    resize = dict(type='Resize', scale=(320, 160))  # width, height
    cfg.val_dataloader.dataset.pipeline = [dict(type='LoadImageFromFile'), resize]
    cfg.test_dataloader = cfg.val_dataloader
    assert input_shape(cfg) == (160, 320)
    resize.update(scale=96)
    cfg.val_dataloader.dataset.pipeline = [resize]
    cfg.test_dataloader = cfg.val_dataloader
    assert input_shape(cfg) == (96, 96)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'train_cfg.max_epochs': 0}, 'train_cfg.max_epochs must be a whole number fr'),
        ({'train_cfg.max_epochs': 1.5}, 'max_epochs must be .* from 1 on, not 1.5'),
        ({'train_cfg.max_epochs': True}, 'max_epochs must be .* not True'),
        ({'train_cfg.val_interval': 'x'}, "val_interval must be .* not 'x'"),
        ({'val_dataloader.batch_size': 0}, 'val_dataloader.batch_size must be'),
        ({'model.test_cfg.rcnn.score_thr': 'low'}, 'score_thr must be a number from 0'),
        ({'model.test_cfg.rcnn.score_thr': float('nan')}, 'score_thr .* not nan'),
        ({'val_dataloader': 5}, 'val_dataloader must be a dict, not 5'),
        ({'optim_wrapper': 5}, 'optim_wrapper must be a dict, not 5'),
    ],
)
def test_values_that_end_a_run_late_are_named(
    options: dict[str, object], message: str
) -> None:
    cfg = example()
    check_values(cfg)
    for key, value in options.items():
        outer, _, inner = key.rpartition('.')
        node = cfg
        for part in filter(None, outer.split('.')):
            node = node.setdefault(part, ConfigDict())
        node[inner] = value
    with pytest.raises(UsageError, match=message):
        check_values(cfg)


def test_only_what_comes_before_the_run_is_the_configs_fault() -> None:
    told = pytest.raises(ConfigError, match='cannot be built: KeyError')
    with told, explain_unusable_config():
        raise KeyError('x')
    with pytest.raises(KeyError), explain_unusable_config() as all_is_built:
        all_is_built.before_run(None)
        raise KeyError('x')
    for other in (UsageError('told'), BrokenPipeError(), KeyboardInterrupt()):
        with pytest.raises(type(other)), explain_unusable_config():
            raise other


@pytest.mark.parametrize('content', [b'# A title', b'', b'PK\x03\x04 cut short', None])
def test_files_that_are_no_checkpoints_are_named(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / 'some.pth'
    with pytest.raises(UsageError, match=r'some\.pth does not exist'):
        check_checkpoint(str(path))
    torch.save([1], path) if content is None else path.write_bytes(content)
    with pytest.raises(UsageError, match=r'some\.pth is none'):
        check_checkpoint(str(path))


@pytest.mark.parametrize('new_format', [True, False])
def test_checkpoints_pass(tmp_path: Path, new_format: bool) -> None:
    path = tmp_path / 'some.pth'
    content = dict(state_dict=dict(a=torch.zeros(3)), meta=dict(epoch=1))
    torch.save(content, path, _use_new_zipfile_serialization=new_format)
    check_checkpoint(str(path))
    check_checkpoint('https://example.org/some.pth')


def test_pairs_need_an_equals_sign(capsys: pytest.CaptureFixture) -> None:
    parser = ArgumentParser()
    add_config_arguments(parser)
    args = parser.parse_args(['c.py', '--cfg-options', 'a.b=[1,2]', 'c=None'])
    assert args.cfg_options == {'a.b': [1, 2], 'c': None}
    with pytest.raises(SystemExit):
        parser.parse_args(['c.py', '--cfg-options', 'a.b'])
    assert 'expected KEY=VALUE, got "a.b"' in capsys.readouterr().err


def test_usage_errors_end_with_status_2(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as exit_info, report_usage_errors():
        raise UsageError('no such\nthing \x1b[31m')
    assert exit_info.value.code == 2
    assert capsys.readouterr().err == 'error: no such thing \\x1b[31m\n'


def test_a_full_disk_is_told(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as exit_info, report_usage_errors():
        # As mmengine writes a checkpoint.
        LocalBackend().put(b'weights', '/dev/full')
    assert exit_info.value.code == 2
    assert capsys.readouterr().err == (
        'error: cannot write a file: No space left on device\n'
    )


def test_interrupts_end_with_status_130(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as exit_info, report_usage_errors('go on so'):
        raise KeyboardInterrupt
    assert exit_info.value.code == 130
    assert capsys.readouterr().err == '\ngo on so\n'


def test_tracebacks_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('MMSCANET_TRACEBACK', '1')
    with pytest.raises(DataError), report_usage_errors():
        raise DataError('x')
    with pytest.raises(OSError, match='No space left'), report_usage_errors():
        LocalBackend().put(b'weights', '/dev/full')


class Damaged(Dataset):
    """Fails as a data set of ours does; a module's class, for the workers."""

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> None:
        try:
            raise OSError('cut short')
        except OSError as error:
            raise UnreadableDataError("'a.jpg' cannot\nbe loaded") from error


@pytest.mark.parametrize('workers', [0, 1])
def test_errors_of_workers_are_one_line(
    workers: int, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit) as exit_info, report_usage_errors():
        next(iter(DataLoader(Damaged(), num_workers=workers)))
    assert exit_info.value.code == 2
    assert capsys.readouterr().err == "error: 'a.jpg' cannot be loaded\n"


def test_work_dir_is_option_then_config_then_name() -> None:
    cfg = Config(dict())
    set_work_dir(cfg, None, 'configs/scanet/abc.py')
    assert cfg.work_dir == 'work_dirs/abc'
    set_work_dir(cfg, None, 'other.py')
    assert cfg.work_dir == 'work_dirs/abc'
    set_work_dir(cfg, '/w', 'other.py')
    assert cfg.work_dir == '/w'


def test_tensorboard_is_added_once(monkeypatch: pytest.MonkeyPatch) -> None:
    cfg = example()
    monkeypatch.setattr(launch, 'find_spec', lambda name: object())
    add_tensorboard(cfg)
    add_tensorboard(cfg)
    kinds = [each.type for each in cfg.visualizer.vis_backends]
    assert kinds == ['LocalVisBackend', 'TensorboardVisBackend']
    monkeypatch.setattr(launch, 'find_spec', lambda name: None)
    with pytest.raises(UsageError, match='pip install tensorboard'):
        add_tensorboard(cfg)


def test_no_workers_are_not_kept(tmp_path: Path) -> None:
    config = tmp_path / 'config.py'
    config.write_text(
        'train_dataloader = dict(num_workers=2, persistent_workers=True)\n'
        'test_dataloader = dict(num_workers=2, persistent_workers=True)\n'
    )
    cfg = load_config(str(config), {'train_dataloader.num_workers': 0})
    assert not cfg.train_dataloader.persistent_workers
    assert cfg.test_dataloader.persistent_workers


def test_only_failed_weights_are_explained() -> None:
    cfg = example()
    url = 'https://example.org/w.pth'
    cfg.model.backbone.init_cfg = dict(type='Pretrained', checkpoint=url)
    pattern = r'w\.pth.*init_cfg\.checkpoint=/path.*init_cfg=None'
    with pytest.raises(UsageError, match=pattern), explain_missing_weights(cfg):
        raise URLError('no route')
    for other in (PermissionError('data'), ValueError('x')):
        with pytest.raises(type(other)), explain_missing_weights(cfg):
            raise other


def test_weights_that_are_none_are_explained(tmp_path: Path) -> None:
    cfg = Config(dict(load_from='https://example.org/w.pth'))
    for error in (UnpicklingError('underflow'), IncompleteRead(b'')):
        with (
            pytest.raises(UsageError, match='w.pth') as told,
            explain_missing_weights(cfg),
        ):
            raise error
        deletes = 'checkpoints/w.pth)' in str(told.value)
        assert deletes == isinstance(error, UnpicklingError)
    cfg.load_from = str(tmp_path / 'picture.jpg')
    Path(cfg.load_from).write_text('no weights')
    with (
        pytest.raises(UsageError, match='picture.jpg .it is no checkpoint'),
        explain_missing_weights(cfg),
    ):
        raise UnpicklingError('invalid load key')


def test_an_interrupt_that_a_library_turns_into_an_error_is_one(
    capsys: pytest.CaptureFixture,
) -> None:
    with pytest.raises(SystemExit) as caught, report_usage_errors('come back'):
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise ValueError('while cleaning up')  # noqa: B904
    assert caught.value.code == 130
    assert capsys.readouterr().err == '\ncome back\n'
    with pytest.raises(ValueError, match='another'), report_usage_errors():
        raise ValueError('another')


def test_a_name_that_the_terminal_lacks_is_printed_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr('sys.stdout', io.TextIOWrapper(raw, encoding='latin-1'))
    with report_usage_errors():
        print('\u6f22.jpg')
    assert raw.getvalue() == b'\\u6f22.jpg\n'
