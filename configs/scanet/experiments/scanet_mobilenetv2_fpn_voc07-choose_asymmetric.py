# Experiment: absent labels that are easy count less (ASL without its margin).
# Expected: see docs/experiments.md
# Command (FIRST is a trained scanet_mobilenetv2_fpn_voc07-val):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/experiments/scanet_mobilenetv2_fpn_voc07-choose_asymmetric.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose.py'

loss_cls = dict(focus_absent=4.0)
model = dict(
    roi_head=dict(
        bbox_head=dict(loss_cls=loss_cls),
        context_head=dict(loss_cls=loss_cls),
    )
)
