# Ablation: context patch expanded 1.3 times.
# Expected, hardware, time, memory: not yet run.
# Command:
#   python tools/train.py configs/scanet/ablations/scanet_x101_fpn_coco_expand1.3.py
_base_ = '../scanet_x101_fpn_coco.py'

model = dict(
    roi_head=dict(
        context_roi_extractor=dict(expand_ratio=1.3),
    )
)
