"""A model and a data set that differ in their number of labels."""

from types import SimpleNamespace

import pytest
from mmdet.registry import HOOKS
from torch import nn

from mmscanet.errors import UsageError


def head(num_classes: int, **children: nn.Module) -> nn.Module:
    """Return a module with ``num_classes`` and children of these names."""
    module = nn.Module()
    module.num_classes = num_classes
    for name, child in children.items():
        module.add_module(name, child)
    return module


def runner(bbox: int, context: int, count: int | None) -> SimpleNamespace:
    """Return what the hook reads of a runner: model, loops, a data set's classes."""
    model = nn.Module()
    model.backbone = head(1000)  # an image classifier's, of no concern
    model.rpn_head = head(1)
    model.roi_head = head(bbox, bbox_head=head(bbox), context_head=head(context))
    metainfo = {} if count is None else dict(classes=('a',) * count)
    loop = SimpleNamespace(
        dataloader=SimpleNamespace(dataset=SimpleNamespace(metainfo=metainfo))
    )
    return SimpleNamespace(model=model, train_loop=loop, val_loop=loop, test_loop=loop)


@pytest.mark.parametrize('moment', ['before_train', 'before_val', 'before_test'])
def test_both_numbers_and_the_fields_are_named(moment: str) -> None:
    check = getattr(HOOKS.build(dict(type='LabelCountCheckHook')), moment)
    check(runner(20, 20, 20))
    check(runner(20, 20, None))  # a data set that names no classes
    with pytest.raises(UsageError) as error:
        check(runner(80, 80, 20))
    assert str(error.value).startswith(
        'the model predicts 80 labels, but SimpleNamespace has 20 classes: set '
        'model.roi_head.bbox_head.num_classes=20, '
        'model.roi_head.context_head.num_classes=20, or '
    )


def test_only_the_wrong_head_is_named() -> None:
    hook = HOOKS.build(dict(type='LabelCountCheckHook'))
    with pytest.raises(ValueError, match='predicts 80 labels') as error:
        hook.before_train(runner(20, 80, 20))
    assert 'context_head' in str(error.value)
    assert 'bbox_head' not in str(error.value)
