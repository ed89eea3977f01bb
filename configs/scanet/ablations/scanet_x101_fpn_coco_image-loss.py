# Ablation: a loss on the pooled image scores as well.
# Expected, hardware, time, memory: not yet run.
# Command:
#   python tools/train.py configs/scanet/ablations/scanet_x101_fpn_coco_image-loss.py
_base_ = '../scanet_x101_fpn_coco.py'

model = dict(
    roi_head=dict(
        delta=1.0,
    )
)
