# Ablation: context patch expanded more the smaller the patch: 3 times at 0, 1.5 times
# at 96 pixels.
# Expected, hardware, time, memory: not yet run.
# Command:
#   python tools/train.py configs/scanet/ablations/scanet_x101_fpn_coco_expand-small.py
_base_ = '../scanet_x101_fpn_coco.py'

model = dict(
    roi_head=dict(
        context_roi_extractor=dict(small_expand_ratio=3.0),
    )
)
