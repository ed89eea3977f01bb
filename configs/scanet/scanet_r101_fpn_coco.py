# SCANet, ResNet-101, COCO 2017. Not in the paper.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py configs/scanet/scanet_r101_fpn_coco.py
_base_ = [
    '../_base_/models/scanet_r101_fpn.py',
    '../_base_/datasets/coco_multilabel.py',
    '../_base_/schedules/scanet_paper.py',
    '../_base_/default_runtime.py',
]
