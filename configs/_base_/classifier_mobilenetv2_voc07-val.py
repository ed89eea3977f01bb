# For the peers in projects/, which add their head: backbone, images, augmentation and
# schedule are SCANet's. A classifier has no boxes to measure.
_base_ = '../scanet/scanet_mobilenetv2_fpn_voc07-val.py'

model = dict(
    _delete_=True,
    type='MultiLabelClassifier',
    channels_last=True,
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=_base_.model.backbone,
    head=dict(in_channels=1280, num_classes=20),
)
val_evaluator = [dict(type='MultiLabelMetric')]
test_evaluator = val_evaluator
