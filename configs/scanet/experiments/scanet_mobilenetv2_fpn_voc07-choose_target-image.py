# Experiment: the context predictor learns all labels of the image.
# Expected: see docs/experiments.md
# Command:  FIRST=CHECKPOINT python tools/compare.py configs/scanet/experiments/*.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose.py'

model = dict(roi_head=dict(context_target='image'))
