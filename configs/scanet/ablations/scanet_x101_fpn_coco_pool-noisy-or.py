# Ablation: image score: noisy-or over patches.
# Expected, hardware, time, memory: not yet run.
# Command:
#   python tools/train.py configs/scanet/ablations/scanet_x101_fpn_coco_pool-noisy-or.py
_base_ = '../scanet_x101_fpn_coco.py'

model = dict(
    roi_head=dict(
        fusion=dict(pool='noisy_or'),
    )
)
