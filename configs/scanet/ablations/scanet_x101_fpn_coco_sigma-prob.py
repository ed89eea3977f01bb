# Ablation: sigma of Eq. 5 on the probability.
# Expected, hardware, time, memory: not yet run.
# Command:
#   python tools/train.py configs/scanet/ablations/scanet_x101_fpn_coco_sigma-prob.py
_base_ = '../scanet_x101_fpn_coco.py'

model = dict(
    roi_head=dict(
        bbox_head=dict(loss_cls=dict(reading='prob', sigma=0.5)),
        context_head=dict(loss_cls=dict(reading='prob', sigma=0.5)),
    )
)
