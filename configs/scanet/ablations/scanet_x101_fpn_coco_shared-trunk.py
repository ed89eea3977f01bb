# Ablation: one trunk for both branches.
# Expected, hardware, time, memory: not yet run.
# Command:
#   python tools/train.py configs/scanet/ablations/scanet_x101_fpn_coco_shared-trunk.py
_base_ = '../scanet_x101_fpn_coco.py'

model = dict(
    roi_head=dict(
        share_trunk=True,
    )
)
