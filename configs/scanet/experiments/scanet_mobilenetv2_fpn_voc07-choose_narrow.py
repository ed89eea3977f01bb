# Experiment: trunks of half the width.
# Expected: see docs/experiments.md
# Command:  FIRST=CHECKPOINT python tools/compare.py configs/scanet/experiments/*.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose.py'

model = dict(
    roi_head=dict(
        bbox_head=dict(fc_out_channels=256),
        context_head=dict(fc_out_channels=256),
    )
)
