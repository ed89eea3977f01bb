# Experiment: SCANet+: a scene branch.
# Expected: see docs/experiments.md
# Command (FIRST is a trained scanet_mobilenetv2_fpn_voc07-val):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/experiments/scanet_mobilenetv2_fpn_voc07-choose_scene.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose.py'

model = dict(roi_head=dict(scene_head=dict(type='LabelQueryHead', in_channels=1280)))
