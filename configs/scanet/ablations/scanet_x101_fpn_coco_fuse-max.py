# Ablation: branches fused by max.
# Expected, hardware, time, memory: not yet run.
# Command:
#   python tools/train.py configs/scanet/ablations/scanet_x101_fpn_coco_fuse-max.py
_base_ = '../scanet_x101_fpn_coco.py'

model = dict(
    roi_head=dict(
        fusion=dict(fuse='max'),
    )
)
