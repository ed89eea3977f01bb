# The last stage of SCANet+ without parts of images: the joint stage goes on, with more of the backbone, varied colours
# and averaged weights.
# Expected: mAP 90.6 on 1,800 images of val (seeds 0 and 1), 91.1 by the mean of both, its published file;
#   docs/experiments/schedule.md
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, about 85 minutes beside other work.
# Command (FIRST is what scanet_plus_mobilenetv2_fpn_voc07-val_coral_joint.py has trained):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/scanet_plus_mobilenetv2_fpn_voc07-val_coral_joint_ema.py
_base_ = './scanet_plus_mobilenetv2_fpn_voc07-val_coral_joint.py'

load_from = (
    '{{$FIRST:work_dirs/scanet_plus_mobilenetv2_fpn_voc07-val_coral_joint/epoch_3.pth}}'
)

model = dict(backbone=dict(frozen_stages=3))

train_pipeline = [*_base_.train_pipeline]
# Before RandomResize.
train_pipeline.insert(2, dict(type='PhotoMetricDistortion'))
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))

train_cfg = dict(max_epochs=6, val_begin=6)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', T_max=6, end=6, convert_to_iter_based=True),
]
custom_hooks = [
    dict(type='StagedTrainingHook', switch_epoch=0),
    # The mean of about the last 500 steps.
    dict(type='EMAHook', ema_type='ExponentialMovingAverage', momentum=0.002),
]
