# Experiment: the context patch is the object patch.
# Expected: see docs/experiments.md
# Command (FIRST is a trained scanet_mobilenetv2_fpn_voc07-val):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/experiments/scanet_mobilenetv2_fpn_voc07-choose_expand1.0.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose.py'

model = dict(roi_head=dict(context_roi_extractor=dict(expand_ratio=1.0)))
