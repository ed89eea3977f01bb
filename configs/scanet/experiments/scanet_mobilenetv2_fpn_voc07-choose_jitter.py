# Experiment: images come between 0.8 and 1.2 times as large.
# Expected: see docs/experiments.md
# Command (FIRST is a trained scanet_mobilenetv2_fpn_voc07-val):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/experiments/scanet_mobilenetv2_fpn_voc07-choose_jitter.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose.py'

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='RandomResize', scale=(416, 416), ratio_range=(0.8, 1.2), keep_ratio=False
    ),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackMultiLabelInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
