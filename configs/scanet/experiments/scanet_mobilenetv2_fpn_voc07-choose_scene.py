# Experiment: SCANet+: a scene branch.
# Expected: see docs/experiments.md
# Command:  FIRST=CHECKPOINT python tools/compare.py configs/scanet/experiments/*.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose.py'

model = dict(roi_head=dict(scene_head=dict(type='LabelQueryHead', in_channels=1280)))
