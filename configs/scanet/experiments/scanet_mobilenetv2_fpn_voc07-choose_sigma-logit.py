# Experiment: sigma of Eq. 5 as a temperature.
# Expected: see docs/experiments.md
# Command (FIRST is a trained scanet_mobilenetv2_fpn_voc07-val):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/experiments/scanet_mobilenetv2_fpn_voc07-choose_sigma-logit.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose.py'

loss_cls = dict(reading='logit')
model = dict(
    roi_head=dict(
        bbox_head=dict(loss_cls=loss_cls),
        context_head=dict(loss_cls=loss_cls),
    )
)
