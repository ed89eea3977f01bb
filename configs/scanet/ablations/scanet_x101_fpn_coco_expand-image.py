# Ablation: every context patch is the whole image.
# Expected, hardware, time, memory: not yet run.
# Command:
#   python tools/train.py configs/scanet/ablations/scanet_x101_fpn_coco_expand-image.py
_base_ = '../scanet_x101_fpn_coco.py'

model = dict(
    roi_head=dict(
        context_roi_extractor=dict(whole_image=True),
    )
)
