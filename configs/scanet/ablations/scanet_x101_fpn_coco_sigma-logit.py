# Ablation: sigma of Eq. 5 on the logit.
# Expected, hardware, time, memory: not yet run.
# Command:
#   python tools/train.py configs/scanet/ablations/scanet_x101_fpn_coco_sigma-logit.py
_base_ = '../scanet_x101_fpn_coco.py'

model = dict(
    roi_head=dict(
        bbox_head=dict(loss_cls=dict(reading='logit', sigma=0.5)),
        context_head=dict(loss_cls=dict(reading='logit', sigma=0.5)),
    )
)
