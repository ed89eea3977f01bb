# Experiment: images come between 0.8 and 1.2 times as large.
# Expected: see docs/experiments.md
# Command (FIRST is a trained scanet_mobilenetv2_fpn_voc07-val):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/experiments/scanet_mobilenetv2_fpn_voc07-choose_jitter.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose.py'

train_pipeline = [*_base_.train_pipeline]
# In the place of Resize.
train_pipeline[2] = dict(
    type='RandomResize', scale=(416, 416), ratio_range=(0.8, 1.2), keep_ratio=False
)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
