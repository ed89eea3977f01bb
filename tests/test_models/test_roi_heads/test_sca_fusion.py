"""Fusion and pooling, by hand."""

import pytest
import torch

from mmscanet.models import SCAFusion

OBJECT = torch.tensor([[0.9, 0.2], [0.1, 0.4]])
CONTEXT = torch.tensor([[0.1, 0.6], [0.4, 0.4]])


@pytest.mark.parametrize(
    ('fuse', 'expected'),
    [
        ('mean', [[0.5, 0.4], [0.25, 0.4]]),
        ('max', [[0.9, 0.6], [0.4, 0.4]]),
        ('product', [[0.3, 0.12**0.5], [0.2, 0.4]]),
        ('learned', [[0.5, 0.4], [0.25, 0.4]]),
    ],
)
def test_fuse(fuse, expected):
    fused = SCAFusion(num_classes=2, fuse=fuse).fuse(OBJECT, CONTEXT)
    assert torch.allclose(fused, torch.tensor(expected))


def test_learned_weight_leans_to_a_branch():
    fusion = SCAFusion(num_classes=2, fuse='learned')
    fusion.logit_weight.data[:] = torch.tensor([20.0, -20.0])
    fused = fusion.fuse(OBJECT, CONTEXT)
    assert torch.allclose(fused, torch.stack((OBJECT[:, 0], CONTEXT[:, 1]), 1))


def test_a_single_branch_passes_through():
    for fuse in ('mean', 'product'):
        fusion = SCAFusion(fuse=fuse)
        assert fusion.fuse(OBJECT, None) is OBJECT
        assert fusion.fuse(None, CONTEXT) is CONTEXT


@pytest.mark.parametrize(
    ('kwargs', 'expected'),
    [
        (dict(pool='max'), [0.9, 0.4]),
        (dict(pool='topk', topk=2), [0.5, 0.3]),
        # The third patch is missing and counts as 0.
        (dict(pool='topk', topk=3), [1.0 / 3, 0.2]),
        (dict(pool='noisy_or'), [1 - 0.1 * 0.9, 1 - 0.8 * 0.6]),
    ],
)
def test_pool(kwargs, expected):
    assert torch.allclose(SCAFusion(**kwargs).pool(OBJECT), torch.tensor(expected))


@pytest.mark.parametrize('pool', ['max', 'topk', 'noisy_or'])
def test_no_patches_pool_to_zero(pool):
    assert SCAFusion(pool=pool).pool(torch.zeros(0, 2)).tolist() == [0, 0]


@pytest.mark.parametrize('pool', ['max', 'topk', 'noisy_or'])
@pytest.mark.parametrize('copies', [1, 50])
def test_the_scene_is_one_witness_however_many_patches_there_are(pool, copies):
    fusion = SCAFusion(pool=pool, scene_weight=0.25)
    scene = torch.tensor([0.9, 0.2])
    objects, contexts = OBJECT.repeat(copies, 1), CONTEXT.repeat(copies, 1)
    found = fusion.image_scores(objects, contexts, scene.expand_as(objects))
    patches = fusion.pool((objects + contexts) / 2)
    assert torch.allclose(found['score'], 0.75 * patches + 0.25 * scene)
    assert torch.equal(found['object_score'], fusion.pool(objects))
    assert torch.equal(found['context_score'], fusion.pool(contexts))
    assert torch.equal(found['scene_score'], scene)


def test_pooled_by_max_an_image_scores_as_its_best_patch_does():
    """To the last bit, since the box of that patch is shown for the label."""
    generator = torch.Generator().manual_seed(0)
    scores = torch.rand(3, 100, 20, generator=generator)
    scores[2] = scores[2, 0]
    fusion = SCAFusion(scene_weight=0.3)
    best = fusion.fuse(*scores).max(0).values
    assert torch.equal(fusion.image_scores(*scores)['score'], best)


def test_an_image_without_patches_scores_zero():
    found = SCAFusion().image_scores(*torch.zeros(3, 0, 2))
    assert set(found) == {'score', 'object_score', 'context_score', 'scene_score'}
    assert all(scores.tolist() == [0, 0] for scores in found.values())


def test_only_the_branches_that_are_there_are_scored():
    assert set(SCAFusion().image_scores(None, CONTEXT)) == {'score', 'context_score'}


def test_objectness_chooses_the_patches():
    objectness = torch.tensor([0.2, 0.9, 0.5])
    assert SCAFusion(num_patches=2).select(objectness).tolist() == [1, 2]
    assert len(SCAFusion(num_patches=5).select(objectness)) == 3
    assert len(SCAFusion().select(torch.zeros(0))) == 0


@pytest.mark.parametrize(
    'kwargs', [dict(fuse='sum'), dict(pool='mean'), dict(objectness='ignore')]
)
def test_wrong_choices_are_named(kwargs):
    ((name, value),) = kwargs.items()
    with pytest.raises(ValueError, match=f'{name} must be one of .*{value}'):
        SCAFusion(**kwargs)


def test_the_scene_joins_what_the_patch_says():
    fusion = SCAFusion(scene_weight=0.25)
    scene = torch.tensor([[1.0, 0.0]]).expand_as(OBJECT)
    expected = 0.75 * (OBJECT + CONTEXT) / 2 + 0.25 * scene
    assert torch.allclose(fusion.fuse(OBJECT, CONTEXT, scene), expected)
    assert torch.allclose(
        fusion.fuse(None, CONTEXT, scene), 0.75 * CONTEXT + 0.25 * scene
    )


def test_learned_needs_the_number_of_labels():
    with pytest.raises(ValueError, match='num_classes'):
        SCAFusion(fuse='learned')


@pytest.mark.parametrize('weight', [-0.1, 1.1])
def test_a_scene_weight_out_of_range_is_named(weight):
    with pytest.raises(ValueError, match='scene_weight must be in'):
        SCAFusion(scene_weight=weight)


@pytest.mark.parametrize('name', ['topk', 'num_patches'])
def test_numbers_below_one_are_named(name):
    with pytest.raises(ValueError, match=f'{name} must be at least 1'):
        SCAFusion(**{name: 0})
