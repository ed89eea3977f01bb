# The paper, Table 1, last row: ResNeXt-101 64x4d, COCO 2017, batch 2, 416 x 416.
# Expected: the paper prints mAP / CF1 / OF1 of 86.0 / 80.3 / 83.2 (table) and
#           86.3 / 80.6 / 83.1 (text); ours is not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py configs/scanet/scanet_x101_fpn_coco.py
_base_ = [
    '../_base_/models/scanet_x101_fpn.py',
    '../_base_/datasets/coco_multilabel.py',
    '../_base_/schedules/scanet_paper.py',
    '../_base_/default_runtime.py',
]
