# Ablation: context branch only; the object branch still finds and refines boxes.
# Expected, hardware, time, memory: not yet run.
# Command:
#   python tools/train.py configs/scanet/ablations/scanet_x101_fpn_coco_context-only.py
_base_ = '../scanet_x101_fpn_coco.py'

model = dict(
    roi_head=dict(
        bbox_head=dict(with_cls=False),
    )
)
