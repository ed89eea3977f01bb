# COCO 2017 with image labels: mmdet's COCO, at the paper's 416 x 416 (ratio not kept).
_base_ = 'mmdet::_base_/datasets/coco_detection.py'

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
    dataset=dict(type='MultiLabelCocoDataset', pipeline=train_pipeline),
)
val_dataloader = dict(
    dataset=dict(type='MultiLabelCocoDataset', pipeline=test_pipeline)
)
test_dataloader = val_dataloader

val_evaluator = [
    dict(type='MultiLabelMetric'),
    dict(
        type='CocoMetric',
        ann_file=_base_.data_root + 'annotations/instances_val2017.json',
        metric='bbox',
    ),
    dict(type='EvidenceMetric'),
]
test_evaluator = val_evaluator
