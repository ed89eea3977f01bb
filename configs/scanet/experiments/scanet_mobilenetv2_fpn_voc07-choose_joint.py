# Experiment: the backbone's last stages, neck and RPN learn too.
# Expected: see docs/experiments.md
# Command (FIRST is a trained scanet_mobilenetv2_fpn_voc07-val):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/experiments/scanet_mobilenetv2_fpn_voc07-choose_joint.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose.py'

model = dict(backbone=dict(frozen_stages=5))
custom_hooks = [dict(type='StagedTrainingHook', switch_epoch=0)]
