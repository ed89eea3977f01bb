"""Several views of each image: what a config's test pipeline becomes."""

from collections.abc import Sequence

from mmengine.config import Config, ConfigDict

from mmscanet.errors import ConfigError

from .launch import resize_scale

# Sides of the views in those of the test pipeline; docs/experiments/schedule.md has
# others.
SCALES = (0.85, 1.0, 1.25)


def augment_pipeline(
    pipeline: Sequence[ConfigDict], scales: Sequence[float] = SCALES
) -> list[dict]:
    """Make a test pipeline give each image at several sizes.

    Args:
        pipeline: With one mmdet ``Resize``, which sets the size of the plain view.
        scales: Factors of that size.

    Returns:
        The steps before ``Resize`` and a ``TestTimeAug`` of the others.

    Raises:
        ConfigError: There is no ``Resize`` with a ``scale``, or more than one.
    """
    found = [i for i, step in enumerate(pipeline) if step['type'] == 'Resize']
    if len(found) != 1 or not pipeline[found[0]].get('scale'):
        raise ConfigError(
            'several views need a test pipeline with one Resize, which has a scale: '
            'leave --tta out, or give the config a tta_pipeline'
        )
    (at,) = found
    resize = pipeline[at]
    sizes = [
        dict(resize, scale=tuple(round(side * factor) for side in resize_scale(resize)))
        for factor in scales
    ]
    rest = [[dict(step)] for step in pipeline[at + 1 :]]
    views = dict(type='TestTimeAug', transforms=[sizes, *rest])
    return [*(dict(step) for step in pipeline[:at]), views]


def set_test_time_aug(cfg: Config | ConfigDict) -> None:
    """Give a config the ``tta_pipeline`` and ``tta_model`` that it does not have.

    Raises:
        ConfigError: See :func:`augment_pipeline`.
    """
    if 'tta_pipeline' not in cfg:
        cfg.tta_pipeline = augment_pipeline(cfg.test_dataloader.dataset.pipeline)
    if 'tta_model' not in cfg:
        evidence = (cfg.model.get('test_cfg') or {}).get('rcnn')
        cfg.tta_model = dict(type='MultiLabelTTAModel', tta_cfg=evidence)
