# PASCAL VOC 2007 with image labels, trainval -> test, at the paper's 416 x 416.
# mmdet trains on VOC 2007 and 2012 three times over; the paper on VOC 2007 alone.
_base_ = 'mmdet::_base_/datasets/voc0712.py'

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='Resize', scale=(416, 416), keep_ratio=False),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackMultiLabelInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(416, 416), keep_ratio=False),
    # After Resize: ground-truth boxes stay in pixels of the original image.
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='PackMultiLabelInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'),
    ),
]

# All images are square in the batch: there is no need to group them by their ratio.
train_dataloader = dict(
    batch_sampler=None,
    dataset=dict(
        _delete_=True,
        type='MultiLabelVOCDataset',
        data_root=_base_.data_root,
        ann_file='VOC2007/ImageSets/Main/trainval.txt',
        data_prefix=dict(sub_data_root='VOC2007/'),
        filter_cfg=dict(filter_empty_gt=True, min_size=32),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(dataset=dict(type='MultiLabelVOCDataset', pipeline=test_pipeline))
test_dataloader = val_dataloader

val_evaluator = [
    dict(type='MultiLabelMetric'),
    dict(type='VOCMetric', metric='mAP', eval_mode='11points'),
    dict(type='EvidenceMetric'),
]
test_evaluator = val_evaluator
