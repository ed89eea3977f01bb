# The last stage of SCANet+ as published: the joint stage goes on with more of the backbone, parts of images,
# varied colours and averaged weights.
# Expected: docs/experiments.md
# Hardware: one core of an AMD EPYC with bfloat16, no GPU, about 55 minutes (--amp).
# Command (FIRST is what scanet_plus_mobilenetv2_fpn_voc07-val_coral_joint.py has trained):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/scanet_plus_mobilenetv2_fpn_voc07-val_coral_joint_crop.py --amp
_base_ = './scanet_plus_mobilenetv2_fpn_voc07-val_coral_joint_ema.py'

train_pipeline = [*_base_.train_pipeline]
train_pipeline.insert(2, dict(type='MultiLabelCrop', crop_size=(0.5, 0.5), prob=0.7))
# In the place of RandomResize: objects come larger in a part, so that it may be smaller.
train_pipeline[4] = dict(
    type='RandomResize', scale=(416, 416), ratio_range=(0.75, 1.15), keep_ratio=False
)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
