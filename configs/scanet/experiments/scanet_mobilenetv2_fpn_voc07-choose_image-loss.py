# Experiment: a loss on the pooled scores, too.
# Expected: see docs/experiments.md
# Command (FIRST is a trained scanet_mobilenetv2_fpn_voc07-val):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/experiments/scanet_mobilenetv2_fpn_voc07-choose_image-loss.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose.py'

model = dict(roi_head=dict(delta=1.0))
