# Experiment: the label losses weigh three times as much.
# Expected: see docs/experiments.md
# Command:  FIRST=CHECKPOINT python tools/compare.py configs/scanet/experiments/*.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose.py'

model = dict(roi_head=dict(beta=3.0, gamma=3.0))
