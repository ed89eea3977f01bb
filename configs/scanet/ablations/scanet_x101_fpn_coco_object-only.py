# Ablation: object branch only, the control for the context branch.
# Expected, hardware, time, memory: not yet run.
# Command:
#   python tools/train.py configs/scanet/ablations/scanet_x101_fpn_coco_object-only.py
_base_ = '../scanet_x101_fpn_coco.py'

model = dict(
    roi_head=dict(
        context_roi_extractor=None,
        context_head=None,
    )
)
