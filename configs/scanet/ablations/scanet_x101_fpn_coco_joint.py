# Ablation: all layers trained jointly from the start.
# Expected, hardware, time, memory: not yet run.
# Command:
#   python tools/train.py configs/scanet/ablations/scanet_x101_fpn_coco_joint.py
_base_ = '../scanet_x101_fpn_coco.py'

custom_hooks = []
