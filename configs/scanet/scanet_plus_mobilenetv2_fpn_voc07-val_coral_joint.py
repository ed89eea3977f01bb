# The first joint stage of SCANet+ as published: the model that scanet_plus_mobilenetv2_fpn_voc07-val_coral.py
# has trained on a frozen backbone, now with the backbone's last stages.
# Expected: mAP 89.7 on 1,800 images of val (seed 0); docs/experiments/schedule.md
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, about 50 minutes beside other work.
# Command (FIRST is that model):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/scanet_plus_mobilenetv2_fpn_voc07-val_coral_joint.py
_base_ = './scanet_plus_mobilenetv2_fpn_voc07-val_coral.py'

load_from = (
    '{{$FIRST:work_dirs/scanet_plus_mobilenetv2_fpn_voc07-val_coral/epoch_6.pth}}'
)

# Only the last stages of the backbone learn: the early ones cost most of the time.
model = dict(backbone=dict(frozen_stages=5))

# The backbone runs in each step anyway, so that images may differ each time.
train_pipeline = [*_base_.train_pipeline]
# In the place of Resize.
train_pipeline[2] = dict(
    type='RandomResize', scale=(416, 416), ratio_range=(0.8, 1.2), keep_ratio=False
)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))

train_cfg = dict(max_epochs=3, val_begin=3)
optim_wrapper = dict(optimizer=dict(lr=2e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', T_max=3, end=3, convert_to_iter_based=True),
]
custom_hooks = [dict(type='StagedTrainingHook', switch_epoch=0)]
