# SCANet, MobileNetV2, COCO 2017. Not in the paper.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py configs/scanet/scanet_mobilenetv2_fpn_coco.py
_base_ = [
    '../_base_/models/scanet_mobilenetv2_fpn.py',
    '../_base_/datasets/coco_multilabel.py',
    '../_base_/schedules/staged_adamw.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=8)
