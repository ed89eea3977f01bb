# Ablation: the whole image is one more patch.
# Expected, hardware, time, memory: not yet run.
# Command:
#   python tools/train.py configs/scanet/ablations/scanet_x101_fpn_coco_whole-image.py
_base_ = '../scanet_x101_fpn_coco.py'

model = dict(
    roi_head=dict(
        whole_image=True,
    )
)
