# Experiment: focal loss, Lin et al. 2017, without its alpha.
# Expected: see docs/experiments.md
# Command (FIRST is a trained scanet_mobilenetv2_fpn_voc07-val):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/experiments/scanet_mobilenetv2_fpn_voc07-choose_focal.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose.py'

loss_cls = dict(focus_present=2.0, focus_absent=2.0)
model = dict(
    roi_head=dict(
        bbox_head=dict(loss_cls=loss_cls),
        context_head=dict(loss_cls=loss_cls),
    )
)
