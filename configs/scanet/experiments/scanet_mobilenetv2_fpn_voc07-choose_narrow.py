# Experiment: trunks of half the width.
# Expected: see docs/experiments.md
# Command (FIRST is a trained scanet_mobilenetv2_fpn_voc07-val):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/experiments/scanet_mobilenetv2_fpn_voc07-choose_narrow.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose.py'

model = dict(
    roi_head=dict(
        bbox_head=dict(fc_out_channels=256),
        context_head=dict(fc_out_channels=256),
    )
)
