# For the peers in projects/, which add their head: backbone, images, augmentation and
# schedule are SCANet's. A classifier has no boxes to measure.
_base_ = '../scanet/scanet_r18_fpn_shapes.py'

model = dict(
    _delete_=True,
    type='MultiLabelClassifier',
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=_base_.model.backbone,
    head=dict(in_channels=64, num_classes=11),
)
val_evaluator = [dict(type='MultiLabelMetric', classwise=True)]
test_evaluator = val_evaluator
