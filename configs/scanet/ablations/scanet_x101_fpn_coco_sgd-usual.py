# Ablation: the usual momentum and weight decay.
# Expected, hardware, time, memory: not yet run.
# Command:
#   python tools/train.py configs/scanet/ablations/scanet_x101_fpn_coco_sgd-usual.py
_base_ = '../scanet_x101_fpn_coco.py'

optim_wrapper = dict(optimizer=dict(momentum=0.9, weight_decay=1e-4))
