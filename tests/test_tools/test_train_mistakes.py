"""What the training and testing commands say of mistakes and faults."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from mmscanet.errors import UsageError
from mmscanet.models import SCANet

ROOT = Path(__file__).resolve().parents[2]


def test_mistakes_end_in_one_line(
    tiny_config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refused: Callable[..., str],
) -> None:
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    plain = ('--work-dir', tmp_path)
    for args, expected in [
        (('none.py',), 'config file none.py does not exist'),
        ((ROOT / 'README.md',), 'README.md: Only py/yml/yaml/json'),
        ((ROOT / 'configs/scanet/metafile.yml',), 'has no model, train_dataloader'),
        (
            (ROOT / 'configs/_base_/models/scanet_r50_fpn.py',),
            'scanet_r50_fpn.py has no train_dataloader, train_cfg, optim_wrapper',
        ),
        ((tiny_config, '--work-dir', tiny_config / 'in'), 'cannot write to'),
        ((tiny_config, '--resume', ROOT / 'README.md'), 'README.md is none'),
        ((tiny_config, '--resume', 'none.pth'), 'checkpoint none.pth does not exist'),
        (
            (tiny_config, '--amp', '--cfg-options', 'optim_wrapper.type=OtherWrapper'),
            '--amp: cannot replace optim_wrapper.type OtherWrapper',
        ),
        (
            (
                tiny_config,
                '--amp',
                '--cfg-options',
                'optim_wrapper.type=AmpOptimWrapper',
            ),
            '--amp: optim_wrapper.type AmpOptimWrapper needs a GPU',
        ),
        ((tiny_config, '--launcher', 'slurm'), 'no CUDA device was found'),
        ((tiny_config, '--seed', '-1'), 'argument --seed: -1 is below 0'),
        (
            (tiny_config, '--cfg-options', 'load_from=none.pth'),
            'checkpoint none.pth does not exist',
        ),
        (
            (tiny_config, '--cfg-options', 'train_cfg.max_epoch=3'),
            'no key "max_epoch"; did you mean "max_epochs"?',
        ),
        (
            (tiny_config, '--cfg-options', 'modell.backbone.depth=3'),
            'did you mean "model"?',
        ),
    ]:
        line = refused('train', *plain, *args)
        assert expected in line


def test_unusable_files_of_a_test_end_in_one_line(
    tiny_config: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    readme = ROOT / 'README.md'
    line = refused('test', tiny_config, readme)
    assert 'README.md is none, or damaged' in line
    line = refused(
        'test', tiny_config, 'http://127.0.0.1:9/x.pth', '--work-dir', tmp_path
    )
    assert 'could not load the weights http://127.0.0.1:9/x.pth' in line
    weights = tmp_path / 'empty.pth'
    torch.save({}, weights)
    line = refused(
        *('test', tiny_config, weights, '--work-dir', tmp_path),
        *('--cfg-options', 'test_evaluator.0.type=NoSuchMetric'),
    )
    assert 'what the config asks for cannot be built' in line
    assert 'NoSuchMetric' in line
    out = tiny_config / 'scores.npz'  # below a file
    line = refused(
        *('test', tiny_config, weights, '--out', out),
        *('--work-dir', tmp_path),
    )
    assert f'cannot write {out}' in line


def test_faults_of_the_data_end_in_one_line(
    tiny_config: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    coco = tmp_path / 'coco.py'
    coco.write_text(
        f"_base_ = '{tiny_config}'\n"
        'model = dict(roi_head=dict('
        'bbox_head=dict(num_classes=1), context_head=dict(num_classes=1)))\n'
        'train_dataloader = dict(dataset=dict(_delete_=True, '
        f"type='MultiLabelCocoDataset', data_root='{tmp_path}', ann_file='a.json', "
        "data_prefix=dict(img='images'), metainfo=dict(classes=('cat',)), "
        'pipeline=_base_.train_pipeline))\n'
    )
    command = ('train', coco, '--work-dir', tmp_path / 'run')
    assert "a.json' does not exist" in refused(*command)
    (tmp_path / 'a.json').write_text('{}')
    assert "its list 'images' is absent or empty" in refused(*command)
    entry = dict(images=[dict(id=1, file_name='x.jpg', width=9, height=9)])
    entry['categories'] = [dict(id=1, name='cat')]
    entry['annotations'] = [dict(id=1, image_id=1, category_id=1, bbox=[0, 0, 9, 9])]
    (tmp_path / 'a.json').write_text(json.dumps(entry))
    assert 'the image folder' in refused(*command)
    (tmp_path / 'images').mkdir()
    (tmp_path / 'images' / 'x.jpg').write_text('no picture')
    line = refused(*command)
    assert 'x.jpg' in line
    assert 'cannot be loaded' in line


def test_diverged_training_ends_in_one_line(
    tiny_config: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    options = ['optim_wrapper.optimizer.lr=1e30', 'param_scheduler=[]']
    line = refused(
        'train', tiny_config, '--work-dir', tmp_path, '--cfg-options', *options
    )
    assert 'the loss is nan' in line
    assert not list(tmp_path.glob('*.pth'))


@pytest.mark.parametrize(
    ('option', 'said'),
    [
        (
            'model.roi_head.no_such_thing=2',
            "unexpected keyword argument 'no_such_thing'",
        ),
        ('model.backbone.depth=7', 'invalid depth 7'),
        ('model.roi_head.bbox_head.prior=0', 'prior must be between 0 and 1'),
        ('model.roi_head.alpha=-1', 'alpha must be a number from 0 on, not -1'),
        ('train_cfg.no_such_thing=2', "unexpected keyword argument 'no_such_thing'"),
        ('train_cfg.type=NoSuchLoop', 'NoSuchLoop'),
        ('train_dataloader.batch_size=many', 'batch_size must be a whole number'),
        ('train_dataloader.num_workers=-1', 'num_workers'),
        ('train_dataloader.sampler.type=NoSuchSampler', 'NoSuchSampler'),
        ('train_dataloader.dataset.pipeline.0.type=NoSuchStep', 'NoSuchStep'),
        ('optim_wrapper.type=NoSuchWrapper', 'NoSuchWrapper'),
        ('optim_wrapper.optimizer.type=AdamZ', 'there is no optimiser AdamZ'),
        ('optim_wrapper.optimizer.lr=-1', 'Invalid learning rate: -1'),
        ('optim_wrapper.accumulative_counts=0', 'accumulative_counts'),
        ('param_scheduler.0.type=NoSuchScheduler', 'NoSuchScheduler'),
        ('param_scheduler.0.end=late', "'str'"),
        ('val_evaluator.0.type=NoSuchMetric', 'NoSuchMetric'),
        ('val_dataloader.batch_size=0', 'val_dataloader.batch_size'),
    ],
)
def test_what_cannot_be_built_is_told_in_one_line(
    tiny_config: Path,
    tmp_path: Path,
    refused: Callable[..., str],
    option: str,
    said: str,
) -> None:
    line = refused(
        'train', tiny_config, '--work-dir', tmp_path, '--cfg-options', option
    )
    assert said in line


def test_an_error_of_the_training_itself_is_no_fault_of_the_configs(
    tiny_config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run_tool: Callable[..., None],
) -> None:
    def fail(model: SCANet, *args: object, **kwargs: object) -> None:
        raise ValueError('a fault of ours')

    monkeypatch.setattr(SCANet, 'train_step', fail)
    with pytest.raises(ValueError, match='a fault of ours') as caught:
        run_tool('train', tiny_config, '--work-dir', tmp_path)
    assert not isinstance(caught.value, UsageError)


def test_failed_download_says_how_to_go_on(
    tiny_config: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    """A refused connection, and a local path that does not exist."""
    with socket.socket() as sock:  # bound, not listening: connections are refused
        sock.bind(('127.0.0.1', 0))
        url = f'http://127.0.0.1:{sock.getsockname()[1]}/resnet18.pth'
        for checkpoint in (url, str(tmp_path / 'none.pth')):
            init_cfg = dict(_delete_=True, type='Pretrained', checkpoint=checkpoint)
            pretrained = tmp_path / 'pretrained.py'
            pretrained.write_text(
                f"_base_ = '{tiny_config}'\n"
                f'model = dict(backbone=dict(init_cfg={init_cfg}))\n'
            )
            line = refused(*('train', pretrained, '--work-dir', tmp_path))
            assert f'could not load the weights {checkpoint}' in line
            assert '--cfg-options model.backbone.init_cfg.checkpoint=/path' in line
            assert 'model.backbone.init_cfg=None' in line
