"""The metric inside an mmengine evaluator, on one process and on two."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.registry import METRICS
from mmdet.structures import DetDataSample
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData
from mmpretrain.evaluation import AveragePrecision

import mmscanet
from mmscanet.errors import ConfigError, DataError, OutputError, UsageError
from mmscanet.evaluation import (
    LabelThresholds,
    MultiLabelMetric,
    ScoreTable,
    compute_figures,
    multi_label_metric,
)

CLASSES = ('cat', 'dog', 'bird', 'fish')
WORKER = Path(__file__).with_name('distributed_worker.py')


def make_sample(img_id, pred_score, gt_score, gt_area=None, **fields):
    sample = DetDataSample(metainfo=dict(img_id=img_id, ori_shape=(60, 80)))
    sample.pred_score = torch.tensor(pred_score, dtype=torch.float32)
    sample.gt_score = torch.tensor(gt_score, dtype=torch.int8)
    if gt_area is None:
        gt_area = 400.0 * (np.array(gt_score) == 1)
    sample.gt_area = torch.tensor(gt_area, dtype=torch.float32)
    for name, value in fields.items():
        setattr(sample, name, value)
    return sample


def make_samples(count=21, decimals=1, seed=0):
    rng = np.random.default_rng(seed)
    return [
        make_sample(
            img_id,
            rng.random(4).round(decimals),
            rng.choice([-1, 0, 1], 4, p=[0.1, 0.5, 0.4]),
            rng.uniform(1, 2e4, 4),
            pred_object_score=torch.tensor(rng.random(4)),
        )
        for img_id in range(count)
    ]


def evaluate(samples, metrics=None, classes=CLASSES):
    evaluator = Evaluator(metrics or [MultiLabelMetric()])
    evaluator.dataset_meta = dict(classes=classes)
    return evaluator.offline_evaluate(samples, chunk_size=4)


def test_is_built_from_a_config_and_named_by_its_prefix():
    metric = METRICS.build(dict(type='MultiLabelMetric'))
    figures = evaluate(make_samples(), [metric])
    assert all(name.startswith('multi-label/') for name in figures)
    assert {'multi-label/mAP', 'multi-label/CF1', 'multi-label/OF1_top3'} < {*figures}
    json.dumps(figures)


def test_prints_the_figures(log):
    figures = evaluate(make_samples(), [MultiLabelMetric(classwise=True)])
    text = '\n'.join(log)
    for name in ('mAP', 'CF1', 'recall_small', 'OF1_top3', 'CP_top3_thr'):
        assert f'{figures[f"multi-label/{name}"]:.2f}' in text
    assert all(label in text for label in CLASSES)


def test_warns_of_labels_without_positives(log):
    evaluate([make_sample(0, [0.9, 0.1, 0.1, 0.1], [1, 0, 1, 0])])
    warning = next(message for message in log if 'no image has these labels' in message)
    assert "'dog'" in warning
    assert "'fish'" in warning
    assert 'cat' not in warning


def test_score_file_gives_the_figures_of_the_run(tmp_path):
    path = tmp_path / 'made' / 'scores.npz'
    figures = evaluate(make_samples(), [MultiLabelMetric(out_file=str(path))])
    table = ScoreTable.load(path)
    again = compute_figures(table)
    assert figures == {f'multi-label/{name}': value for name, value in again.items()}
    assert table.classes.tolist() == list(CLASSES)
    assert table.pred_object_score is not None
    assert table.pred_context_score is None


def test_branches_side_by_side():
    samples = make_samples()
    figures = evaluate(
        samples,
        [
            MultiLabelMetric(),
            MultiLabelMetric(score_key='pred_object_score', prefix='object'),
        ],
    )
    for sample in samples:
        sample.pred_score = sample.pred_object_score
    assert figures['object/mAP'] == evaluate(samples)['multi-label/mAP']
    assert figures['object/mAP'] != figures['multi-label/mAP']


def test_mmpretrain_reads_the_same_samples():
    samples = make_samples(decimals=7)
    figures = evaluate(
        samples,
        [
            MultiLabelMetric(skip_unlabelled=False),
            AveragePrecision(prefix='mmpretrain'),
        ],
    )
    assert figures['multi-label/mAP'] == pytest.approx(
        figures['mmpretrain/mAP'], abs=1e-3
    )


def test_detection_metrics_run_beside_it(tmp_path):
    box = torch.tensor([[10.0, 10.0, 40.0, 50.0]])
    label = torch.tensor([0])
    instances = [
        dict(bbox=[10.0, 10.0, 40.0, 50.0], bbox_label=0, ignore_flag=0),
    ]
    none = InstanceData(bboxes=box[:0], labels=label[:0])
    sample = make_sample(
        7,
        [0.9, 0.1, 0.1, 0.1],
        [1, 0, 0, 0],
        gt_instances=InstanceData(bboxes=box, labels=label),
        ignored_instances=none,
        pred_instances=InstanceData(
            bboxes=box,
            labels=label,
            scores=torch.tensor([0.9]),
            object_scores=torch.tensor([0.8]),
            context_scores=torch.tensor([0.7]),
        ),
    )
    sample.set_metainfo(dict(instances=instances))
    metrics = [
        METRICS.build(dict(type='MultiLabelMetric')),
        METRICS.build(dict(type='CocoMetric', outfile_prefix=str(tmp_path / 'coco'))),
        METRICS.build(dict(type='VOCMetric')),
    ]
    figures = evaluate([sample], metrics)
    assert figures['multi-label/mAP'] == 100
    assert figures['coco/bbox_mAP'] == pytest.approx(1)
    assert figures['pascal_voc/mAP'] == pytest.approx(1)


def test_images_handed_out_twice_count_once():
    samples = make_samples()
    once = evaluate(samples)
    evaluator = Evaluator([MultiLabelMetric()])
    evaluator.dataset_meta = dict(classes=CLASSES)
    # Repeated in the middle: cutting the list to its size would lose images.
    evaluator.process(samples[:5] + samples[:5] + samples[5:])
    assert evaluator.evaluate(len(samples)) == once


def test_warns_if_images_are_missing(log):
    evaluator = Evaluator([MultiLabelMetric()])
    evaluator.dataset_meta = dict(classes=CLASSES)
    evaluator.process(make_samples(5))
    evaluator.evaluate(8)
    assert any('has 8 images, but only 5' in message for message in log)


def test_half_precision_scores():
    sample = make_sample(0, [0.5, 0.25, 0.75, 1.0], [1, 0, 1, 1])
    expected = evaluate([sample])
    sample.pred_score = sample.pred_score.bfloat16()
    assert evaluate([sample]) == expected


@pytest.mark.parametrize(
    ('field', 'words'),
    [
        ('gt_score', 'PackMultiLabelInputs'),
        ('gt_area', 'PackMultiLabelInputs'),
        ('pred_score', 'model has to set it'),
    ],
)
def test_missing_field_says_where_it_comes_from(field, words):
    sample = make_sample(0, [0.1] * 4, [1, 0, 0, 0])
    delattr(sample, field)
    with pytest.raises(ConfigError, match=f'no {field}; .*{words}'):
        evaluate([sample])


def test_missing_branch_says_so():
    sample = make_sample(0, [0.1] * 4, [1, 0, 0, 0])
    with pytest.raises(ConfigError, match='only a model with a context branch'):
        evaluate([sample], [MultiLabelMetric(score_key='pred_context_score')])


@pytest.mark.parametrize('field', ['pred_score', 'gt_score', 'gt_area'])
def test_wrong_number_of_labels_names_field_and_image(field):
    sample = make_sample(31, [0.1] * 4, [1, 0, 0, 0])
    setattr(sample, field, getattr(sample, field)[:3])
    with pytest.raises(ConfigError, match=rf'{field} of image 31 .*\(3,\).* 4 classes'):
        evaluate([sample])


def test_score_that_is_no_number_names_the_image():
    sample = make_sample(31, [0.1, float('nan'), 0.1, 0.1], [1, 0, 0, 0])
    with pytest.raises(DataError, match='pred_score of image 31 is not finite'):
        evaluate([sample])


def test_nothing_to_measure_is_told():
    with pytest.raises(DataError, match='nothing to measure'):
        evaluate([make_sample(0, [0.1] * 4, [0, 0, 0, 0])])


def test_classes_are_needed():
    with pytest.raises(ConfigError, match='class names'):
        evaluate(make_samples(), classes=None)


@pytest.mark.parametrize(
    ('field', 'value'),
    [('score_key', 'score'), ('topk', 0), ('out_file', 'scores.pkl')],
)
def test_wrong_fields_are_named(field, value):
    with pytest.raises(ConfigError, match=field):
        MultiLabelMetric(**{field: value})


@pytest.fixture
def thresholds_file(tmp_path):
    """A file of thresholds of the labels, each another."""
    values = np.array([0.2, 0.4, 0.6, 0.8])
    path = tmp_path / 'val.thresholds.json'
    LabelThresholds(CLASSES, values, score_key='pred_score').save(path)
    return str(path)


def test_thresholds_of_a_file_are_those_of_the_figures(thresholds_file, tmp_path, log):
    out = str(tmp_path / 'scores.npz')
    metric = METRICS.build(
        dict(type='MultiLabelMetric', thr=thresholds_file, out_file=out)
    )
    figures = evaluate(make_samples(), [metric])
    expected = compute_figures(ScoreTable.load(out), thr=np.array([0.2, 0.4, 0.6, 0.8]))
    assert figures == {f'multi-label/{name}': v for name, v in expected.items()}
    assert figures != evaluate(make_samples())
    assert any('thresholds of val.thresholds.json' in message for message in log)
    assert any('score >= fitted' in message for message in log)


def test_number_is_told_in_the_title(log):
    evaluate(make_samples(), [MultiLabelMetric(thr=0.25)])
    assert any('top-3, score >= 0.25' in message for message in log)


def test_thresholds_that_do_not_fit_are_refused_before_the_run(thresholds_file):
    with pytest.raises(UsageError, match='no thresholds file absent.json'):
        MultiLabelMetric(thr='absent.json')
    with pytest.raises(UsageError, match='threshold 1.5 is not in'):
        MultiLabelMetric(thr=1.5)
    with pytest.raises(UsageError, match='on pred_score, and pred_object_score is'):
        MultiLabelMetric(thr=thresholds_file, score_key='pred_object_score')
    evaluator = Evaluator([MultiLabelMetric(thr=thresholds_file)])
    with pytest.raises(UsageError, match='only the thresholds have: "fish"'):
        evaluator.dataset_meta = dict(classes=('cat', 'dog', 'bird', 'cow'))


def test_unwritable_file_is_refused_before_the_run(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(OSError, match=r'cannot write .*file/scores\.npz'):
        MultiLabelMetric(out_file=str(tmp_path / 'file' / 'scores.npz'))


def test_failed_write_does_not_cost_the_figures(tmp_path, log):
    metric = MultiLabelMetric(out_file=str(tmp_path / 'scores.npz'))
    (tmp_path / 'scores.npz').mkdir()  # at the very end
    with pytest.raises(OutputError, match=r'cannot write .*scores\.npz'):
        evaluate(make_samples(), [metric])
    assert any('mAP' in message for message in log)


def test_failed_figures_do_not_cost_the_scores(tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr(multi_label_metric, 'compute_figures', fail)
    with pytest.raises(ZeroDivisionError):
        evaluate(make_samples(), [MultiLabelMetric(out_file=str(tmp_path / 's.npz'))])
    assert (tmp_path / 's.npz').is_file()


def test_two_processes_give_the_figures_of_one(tmp_path):
    samples = make_samples()
    torch.save([sample.to_dict() for sample in samples], tmp_path / 'samples.pth')
    root = str(Path(mmscanet.__file__).parents[1])
    workers = [
        subprocess.Popen(
            [sys.executable, WORKER, str(rank), str(tmp_path)],
            cwd=tmp_path,
            env={**os.environ, 'PYTHONPATH': root},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        outputs = [worker.communicate(timeout=240)[0] for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    assert [worker.returncode for worker in workers] == [0, 0], '\n'.join(outputs)

    one = evaluate(samples, [MultiLabelMetric(out_file=str(tmp_path / 'one.npz'))])
    expected = dict(uneven=one, padded=one)
    for rank in range(2):
        figures = json.loads((tmp_path / f'figures{rank}.json').read_text())
        assert figures == expected
    for sharding in expected:
        written = (tmp_path / f'{sharding}.npz').read_bytes()
        assert written == (tmp_path / 'one.npz').read_bytes()
