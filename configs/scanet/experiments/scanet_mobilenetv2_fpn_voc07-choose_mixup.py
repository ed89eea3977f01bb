# Experiment: every other image is the mean of two.
# Expected: see docs/experiments.md
# Command (FIRST is a trained scanet_mobilenetv2_fpn_voc07-val):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/experiments/scanet_mobilenetv2_fpn_voc07-choose_mixup.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose_mosaic.py'

# The same data set, mixed in another way.
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='Resize', scale=(416, 416), keep_ratio=False),
            dict(type='MultiLabelMixUp', img_scale=(416, 416), prob=0.5),
            dict(type='RandomFlip', prob=0.5),
            dict(type='PackMultiLabelInputs'),
        ]
    )
)
