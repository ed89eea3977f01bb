"""Ways of fusing and pooling, measured on the same patches."""

import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.structures import InstanceData

from mmscanet.evaluation import ScoreTable, compute_figures
from mmscanet.models import SCAFusion

TOOL = 'analysis_tools/compare_fusions'


@pytest.fixture
def figures(run_tool, tiny_config, tiny_checkpoint, tmp_path, monkeypatch):
    """Run the tool; return what it wrote."""
    monkeypatch.chdir(tmp_path)

    def run(*options):
        out = tmp_path / 'figures.json'
        run_tool(TOOL, tiny_config, tiny_checkpoint, '--json', out, *options)
        return json.loads(out.read_text())

    return run


@pytest.mark.parametrize(
    ('row', 'options'),
    [
        ('as it is', []),
        ('pool=topk', ['model.roi_head.fusion.pool=topk']),
        (
            'objectness=multiply',
            [
                'model.roi_head.whole_image=True',
                'model.roi_head.fusion.objectness=multiply',
            ],
        ),
        ('num_patches=5', ['model.roi_head.fusion.num_patches=5']),
    ],
)
def test_a_row_is_what_a_test_with_the_setting_gives(
    figures, run_tool, tiny_config, tiny_checkpoint, tmp_path, capsys, row, options
):
    shared = [each for each in options if 'fusion' not in each]
    found = figures(*(['--cfg-options', *shared] if shared else []))
    printed = capsys.readouterr().out
    assert row in printed and 'scene_weight' not in printed
    out = tmp_path / 'scores.npz'
    options = ['--cfg-options', *options] if options else []
    work_dir = ['--work-dir', tmp_path / 'test']
    run_tool('test', tiny_config, tiny_checkpoint, '--out', out, *work_dir, *options)
    expected = compute_figures(ScoreTable.load(out))
    for name in ('mAP', 'CF1', 'OF1'):
        assert found[row][name] == pytest.approx(expected[name], abs=1e-4)


def test_an_image_without_patches_has_its_scene(load_tool):
    patches = InstanceData(objectness=torch.zeros(0), object_scores=torch.zeros(0, 2))
    patches.set_metainfo(dict(scene_score=torch.tensor([0.8, 0.4])))
    scores = load_tool(TOOL).image_scores(
        patches, SCAFusion(2, scene_weight=0.25), whole_image=False
    )
    assert scores.tolist() == pytest.approx([0.2, 0.1])


def test_a_model_that_was_trained_with_averaged_weights(
    figures, run_tool, tiny_config, tiny_checkpoint, tmp_path
):
    """Its config has a hook that is set up only where a run starts."""
    config = tmp_path / 'ema.py'
    hook = "dict(type='EMAHook', ema_type='ExponentialMovingAverage')"
    config.write_text(f"_base_ = '{tiny_config}'\ncustom_hooks = [{hook}]\n")
    out = tmp_path / 'ema.json'
    run_tool(TOOL, config, tiny_checkpoint, '--json', out)
    assert json.loads(out.read_text()) == figures()


def test_a_learned_weight_stays_where_the_fusion_does(load_tool):
    own = SCAFusion(3, fuse='learned')
    own.logit_weight.data = own.logit_weight.data + 1
    found = load_tool(TOOL).variants(own, with_scene=True)
    assert found['pool=topk'].logit_weight.tolist() == [1, 1, 1]
    assert not list(found['fuse=mean'].parameters())
    assert found['scene_weight=0.25'].scene_weight == 0.25
    wide = found['pool=topk, topk=10']
    assert (wide.pool_mode, wide.topk) == ('topk', 10)
    assert 'pool=max' not in found and 'scene_weight=0.5' not in found


def test_another_model_is_told(refused, write_tiny, tiny_checkpoint, tmp_path):
    config = write_tiny(
        'classifier', 'projects/resnet_gmp/configs/resnet_gmp_r18_shapes.py', ''
    )
    assert Config.fromfile(config).model.type == 'MultiLabelClassifier'
    line = refused(TOOL, config, tiny_checkpoint)
    assert 'only a SCANet has patches, not MultiLabelClassifier' in line


def test_images_that_cannot_be_measured_are_told(
    refused, figures, tiny_config, tiny_checkpoint, tmp_path
):
    figures()  # makes the data set
    data = Path(Config.fromfile(tiny_config).data_root)
    content = json.loads((data / 'annotations/val.json').read_text())
    for each in content['annotations']:
        each['bbox'] = [0, 0, 0, 0]  # no box
    boxless = tmp_path / 'val.json'
    boxless.write_text(json.dumps(content))
    option = f'test_dataloader.dataset.ann_file={boxless}'
    line = refused(TOOL, tiny_config, tiny_checkpoint, '--cfg-options', option)
    assert 'error: the test set cannot be measured: no image has a label' in line
