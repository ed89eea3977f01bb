"""Labels and image in one transformer, with some labels known or none."""

import copy
import math
import pickle

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config

from mmscanet.errors import ConfigError, DataError
from mmscanet.evaluation import ScoreTable
from projects.c_tran.c_tran import CTranHead, RevealLabels

TINY_MODEL = 'model = dict(backbone=dict(base_channels=8), head=dict(in_channels=16))\n'
SIZES = dict(in_channels=8, num_classes=5)
LABELS = range(5)


def samples(*rows: list[int], key: str = 'gt_score') -> list[DetDataSample]:
    """One image a row of cells."""
    return [
        DetDataSample(
            metainfo=dict(img_id=number), **{key: torch.tensor(row, dtype=torch.int8)}
        )
        for number, row in enumerate(rows)
    ]


@pytest.fixture
def feats():
    return torch.full((2, 8, 8, 8), 9.0), torch.randn(2, 8, 2, 3)


@pytest.fixture
def head():
    """At inference, with scores that differ."""
    torch.manual_seed(0)
    head = CTranHead(**SIZES)
    torch.nn.init.normal_(head.classifiers.weight)
    return head.eval()


def attend(layer: torch.nn.Module, tokens: torch.Tensor) -> torch.Tensor:
    """What each of N tokens (N, D) takes from all, four heads, one by one."""
    attn = layer.self_attn.attn
    query, key, value = (tokens @ attn.in_proj_weight.T + attn.in_proj_bias).chunk(3, 1)
    taken = torch.zeros_like(tokens)
    for start in range(0, 8, 2):
        part = slice(start, start + 2)
        for i in range(len(tokens)):
            weights = torch.stack(
                [query[i, part] @ other / math.sqrt(2) for other in key[:, part]]
            ).exp()
            taken[i, part] = weights @ value[:, part] / weights.sum()
    return attn.out_proj(taken)


def naive_logits(head: CTranHead, x: torch.Tensor, known: list[int]) -> torch.Tensor:
    """Logits (C,) of one map (D, H, W), token by token."""
    states = {-1: torch.zeros(8), 0: head.states.weight[1], 1: head.states.weight[2]}
    tokens = [x[:, i, j] for i in range(x.shape[1]) for j in range(x.shape[2])]
    tokens += [head.labels.weight[c] + states[known[c]] for c in LABELS]
    tokens = torch.stack(tokens)
    for layer in head.encoder.layers:
        tokens = layer.norms[0](tokens + attend(layer, tokens))
        hidden = layer.ffn.layers[0][0](tokens).clamp(min=0)
        tokens = layer.norms[1](tokens + layer.ffn.layers[1](hidden))
    labels = tokens[-5:]
    weight, bias = head.classifiers.weight, head.classifiers.bias
    return torch.stack([weight[c] @ labels[c] + bias[c] for c in LABELS])


@pytest.mark.parametrize('known', [[-1] * 5, [1, -1, 0, -1, 1]])
def test_logits_are_those_of_a_transformer_of_cells_and_labels(head, feats, known):
    expected = torch.stack([naive_logits(head, x, known) for x in feats[-1]])
    given = torch.tensor([known, known], dtype=torch.int8)
    assert torch.allclose(head.label_logits(feats, given), expected, atol=1e-4)
    assert len(head.encoder.layers) == 3
    if max(known) < 0:
        assert torch.allclose(head(feats), expected, atol=1e-4)


def test_places_of_cells_do_not_matter(head, feats):
    """There is no positional encoding."""
    moved = feats[-1].flip((2, 3)).transpose(2, 3)
    assert torch.allclose(head((moved,)), head(feats), atol=1e-5)


def test_known_labels_come_out_as_given_and_tell_of_others(head, feats):
    rows = [1, 0, -1, -1, -1], [-1] * 5
    with torch.no_grad():
        alone = head.predict(feats)
        scores = head.predict(feats, samples(*rows, key='known_score'))
    assert scores[0, :2].tolist() == [1, 0]
    assert (scores[0, 2:] - alone[0, 2:]).abs().min() > 1e-4
    assert torch.allclose(scores[1], alone[1], atol=1e-6)
    # A sample that says nothing has no label known.
    (known, _), (plain, _) = samples(*rows, key='known_score'), samples(*rows)
    with torch.no_grad():
        mixed = head.predict(feats, [known, plain])
        apart = [
            head.predict((x[None],), [sample])
            for x, sample in zip(feats[-1], (known, plain), strict=True)
        ]
    assert torch.allclose(mixed, scores, atol=1e-6)
    assert torch.allclose(mixed, torch.cat(apart), atol=1e-6)


def test_all_labels_may_be_known(head, feats):
    row = [1, 0, 0, 1, 1]
    scores = head.predict(feats, samples(row, row, key='known_score'))
    assert scores.tolist() == [row, row]


@pytest.mark.parametrize(
    'cells', [[1], [1, 0, -1], [[1, 0, 0, 1, 1]], [1, 0, 2, 1, 1], [1, 0, -2, 1, 1]]
)
def test_known_labels_that_are_not_understood_are_named(head, feats, cells):
    batch = samples([1, 0, 0, 1, -1], cells, key='known_score')
    with pytest.raises(
        DataError, match='known_score of image 1 must be 5 cells of 1, 0 or -1, not '
    ) as error:
        head.predict(feats, batch)
    assert '\n' not in str(error.value)


def test_between_a_quarter_of_the_labels_and_all_are_unknown():
    head = CTranHead(in_channels=8, num_classes=8)
    unknown = head.draw_unknown(7000, torch.device('cpu'))
    numbers = unknown.sum(1).bincount(minlength=9)
    assert numbers[:2].tolist() == [0, 0]
    # 2 to 8 labels, each number and each label as often as the others.
    assert ((numbers[2:] - 1000).abs() < 150).all()
    assert ((unknown.float().mean(0) - 5 / 8).abs() < 0.03).all()


def test_masks_are_drawn_from_torchs_generator():
    head = CTranHead(**SIZES)
    draws = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        draws.append(head.draw_unknown(50, torch.device('cpu')))
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


def test_loss_is_of_unknown_labels_and_the_others_are_told(head, feats, monkeypatch):
    """The doubtful label of the first image is neither asked for nor told."""
    unknown = torch.tensor([[1, 1, 1, 0, 0], [0, 0, 1, 1, 1]], dtype=torch.bool)
    monkeypatch.setattr(head, 'draw_unknown', lambda *_: unknown)
    batch = samples([1, 0, -1, 1, -1], [0, 1, 0, 0, 1])
    told = torch.tensor([[-1, -1, -1, 1, -1], [0, 1, -1, -1, -1]])
    log_p = torch.nn.functional.logsigmoid(head.label_logits(feats, told))
    log_q = torch.nn.functional.logsigmoid(-head.label_logits(feats, told))
    first = log_p[0, 0] + log_q[0, 1]
    second = log_q[1, 2] + log_q[1, 3] + log_p[1, 4]
    loss = head.loss(feats, batch)['loss_cls']
    assert torch.allclose(loss, -(first + second) / 2, atol=1e-5)
    assert [sample.gt_score.tolist() for sample in batch][0] == [1, 0, -1, 1, -1]


@pytest.mark.parametrize('cells', [[1, 0, -1, 1, 0], [-1] * 5, [0] * 5])
def test_every_parameter_has_a_gradient(feats, cells):
    head = CTranHead(embed_dims=4, **SIZES).train()
    head.loss(feats, samples(cells, cells))['loss_cls'].backward()
    for name, parameter in head.named_parameters():
        assert parameter.grad.isfinite().all(), name
    assert not head.states.weight.grad[0].any()


def test_scores_start_near_the_prior_and_unknown_adds_nothing(feats):
    head = CTranHead(**SIZES)
    head.init_weights()
    assert (head.eval().predict(feats) - 0.01).abs().max() < 0.005
    assert not head.states.weight[0].any()
    assert head.states.weight[1:].any(1).all()


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(num_heads=3), 'num_heads must divide 8 channels, not 3'),
        (dict(min_unknown=0), r'min_unknown must be in \(0, 1\], not 0'),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        CTranHead(**SIZES, **settings)


def reveal(transform: RevealLabels, sample: DetDataSample) -> DetDataSample:
    packed = dict(inputs=None, data_samples=copy.deepcopy(sample))
    return transform(packed)['data_samples']


def test_scored_labels_are_revealed_or_measured():
    cells = torch.randint(-1, 2, (200, 9))
    for sample in samples(*cells.tolist()):
        seen = reveal(RevealLabels(0.5), sample)
        known, asked, true = seen.known_score, seen.gt_score, sample.gt_score
        assert known.dtype == asked.dtype == torch.int8
        assert torch.equal(torch.maximum(known, asked), true)
        assert (torch.minimum(known, asked) == -1).all()
        assert (known >= 0).sum() == round(0.5 * int((true >= 0).sum()))


def test_revealed_labels_depend_on_seed_and_image_alone():
    rows = [[1, 0, 1, 0, 0, 0, 1, 0, 0, 0]] * 300
    batch = samples(*rows)
    transform = RevealLabels(0.3, seed=3)
    there = [reveal(transform, sample).known_score for sample in batch]
    torch.manual_seed(99)
    worker = pickle.loads(pickle.dumps(transform))
    back = [reveal(worker, sample).known_score for sample in reversed(batch)]
    assert torch.equal(torch.stack(there), torch.stack(back[::-1]))
    # On every machine and with every version of its packages.
    assert there[0].tolist() == [-1, -1, -1, -1, 0, 0, -1, -1, -1, 0]
    other = [reveal(RevealLabels(0.3, seed=4), each).known_score for each in batch]
    assert not torch.equal(torch.stack(there), torch.stack(other))
    # Each label about as often as the others.
    share = (torch.stack(there) >= 0).float().mean(0)
    assert ((share - 0.3).abs() < 0.1).all()


def test_a_larger_share_holds_a_smaller_one():
    (sample,) = samples([1, 0, 1, 0, 0, 0, 1, 0])
    few, many = (
        reveal(RevealLabels(share), sample).known_score >= 0 for share in (0.25, 0.75)
    )
    assert (few.sum(), many.sum()) == (2, 6)
    assert (many | ~few).all()


def test_nothing_is_revealed_where_nothing_is_annotated():
    (sample,) = samples([0, 0, 0, 0])
    seen = reveal(RevealLabels(0.5), sample)
    assert seen.gt_score.tolist() == [0] * 4
    assert seen.known_score.tolist() == [-1] * 4
    bare = reveal(RevealLabels(0.5), DetDataSample(metainfo=dict(img_id=1)))
    assert 'known_score' not in bare


def test_one_label_at_least_stays_unknown():
    """Or the image would silently drop out of the metric."""
    cells = torch.tensor([1, -1, 0, 1], dtype=torch.int8)
    assert RevealLabels(0.9).revealed(cells, '7').sum() == 2


@pytest.mark.parametrize('fraction', [-0.1, 1.0])
def test_a_wrong_share_is_named(fraction):
    with pytest.raises(ConfigError, match=r'fraction must be in \[0, 1\), not'):
        RevealLabels(fraction)


def test_known_label_configs_are_run_as_they_say(repo_root):
    folder = repo_root / 'projects/c_tran/configs'
    paths = sorted(folder.glob('known_labels/*.py'))
    bodies = set()
    for path in paths:
        header, base, body = path.read_text().partition('_base_ = ')
        command = f'python tools/test.py {path.relative_to(repo_root)} CHECKPOINT\n'
        assert command in header and base
        stem = path.stem.removesuffix('_known50')
        first, _, rest = body.partition('\n')
        assert first == f"'../{stem}.py'" and (folder / f'{stem}.py').exists()
        bodies.add(rest)
    assert len(paths) == 4 and len(bodies) == 1


def test_known_label_configs_change_the_test_pipeline_only(repo_root):
    folder = repo_root / 'projects/c_tran/configs'
    name = 'c_tran_mobilenetv2_voc07-val'
    base = Config.fromfile(folder / f'{name}.py').to_dict()
    ours = Config.fromfile(folder / f'known_labels/{name}_known50.py').to_dict()
    *rest, last = ours['test_dataloader']['dataset'].pop('pipeline')
    assert last == dict(type='RevealLabels', fraction=0.5)
    assert rest == base['test_dataloader']['dataset'].pop('pipeline')
    assert ours == base


def test_trains_measures_and_labels_pictures(
    write_tiny, train_and_label, run_tool, tmp_path
):
    config = write_tiny(
        'c_tran', 'projects/c_tran/configs/c_tran_r18_shapes.py', TINY_MODEL
    )
    table, _ = train_and_label(config)

    half = config.with_name('c_tran_known50.py')
    half.write_text(
        f"_base_ = './{config.name}'\n"
        'test_dataloader = dict(dataset=dict(pipeline=[\n'
        '    *_base_.test_dataloader.dataset.pipeline,\n'
        "    dict(type='RevealLabels', fraction=0.5)]))\n"
    )
    out = tmp_path / 'half.npz'
    checkpoint = tmp_path / 'epoch_2.pth'
    run_tool('test', half, checkpoint, '--work-dir', tmp_path, '--out', out)
    known = ScoreTable.load(out)
    revealed = known.gt_score < 0
    assert (revealed.sum(1) == 6).all()  # round(5.5)
    assert (known.pred_score[revealed] == table.gt_score[revealed]).all()
    assert (known.gt_score[~revealed] == table.gt_score[~revealed]).all()
    assert (known.pred_score[~revealed] != table.pred_score[~revealed]).any()
