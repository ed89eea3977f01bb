# Ablation: batch 16 on one GPU, lr scaled linearly from batch 2.
# Expected, hardware, time, memory: not yet run.
# Command:
#   python tools/train.py configs/scanet/ablations/scanet_x101_fpn_coco_batch16.py
_base_ = '../scanet_x101_fpn_coco.py'

train_dataloader = dict(batch_size=16)
optim_wrapper = dict(optimizer=dict(lr=0.002 * 16 / 2))
# The batch that this rate is for, so that --auto-scale-lr does not scale it again.
auto_scale_lr = dict(base_batch_size=16)
