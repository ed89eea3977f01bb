# Experiment: the context predictor learns all labels of the image.
# Expected: see docs/experiments.md
# Command (FIRST is a trained scanet_mobilenetv2_fpn_voc07-val):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/experiments/scanet_mobilenetv2_fpn_voc07-choose_target-image.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose.py'

model = dict(roi_head=dict(context_target='image'))
