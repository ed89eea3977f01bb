# Ablation: the context predictor is trained on all labels of the image.
# Expected, hardware, time, memory: not yet run.
# Command:
#   python tools/train.py configs/scanet/ablations/scanet_x101_fpn_coco_target-image.py
_base_ = '../scanet_x101_fpn_coco.py'

model = dict(
    roi_head=dict(
        context_target='image',
    )
)
