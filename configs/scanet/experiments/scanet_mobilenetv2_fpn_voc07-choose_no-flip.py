# Experiment: no image is flipped.
# Expected: see docs/experiments.md
# Command (FIRST is a trained scanet_mobilenetv2_fpn_voc07-val):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/experiments/scanet_mobilenetv2_fpn_voc07-choose_no-flip.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose.py'

train_pipeline = [
    step for step in _base_.train_pipeline if step['type'] != 'RandomFlip'
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
