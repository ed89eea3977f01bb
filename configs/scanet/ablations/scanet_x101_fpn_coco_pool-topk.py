# Ablation: image score: mean of the 3 highest patches.
# Expected, hardware, time, memory: not yet run.
# Command:
#   python tools/train.py configs/scanet/ablations/scanet_x101_fpn_coco_pool-topk.py
_base_ = '../scanet_x101_fpn_coco.py'

model = dict(
    roi_head=dict(
        fusion=dict(pool='topk', topk=3),
    )
)
