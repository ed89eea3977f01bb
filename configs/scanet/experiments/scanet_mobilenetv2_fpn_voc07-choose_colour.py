# Experiment: brightness, contrast and colours vary.
# Expected: see docs/experiments.md
# Command (FIRST is a trained scanet_mobilenetv2_fpn_voc07-val):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/experiments/scanet_mobilenetv2_fpn_voc07-choose_colour.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose.py'

train_pipeline = [*_base_.train_pipeline]
# Before Resize.
train_pipeline.insert(2, dict(type='PhotoMetricDistortion'))
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
