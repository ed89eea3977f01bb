# Experiment: the context patch is twice as wide and high.
# Expected: see docs/experiments.md
# Command (FIRST is a trained scanet_mobilenetv2_fpn_voc07-val):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/experiments/scanet_mobilenetv2_fpn_voc07-choose_expand2.0.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose.py'

model = dict(roi_head=dict(context_roi_extractor=dict(expand_ratio=2.0)))
