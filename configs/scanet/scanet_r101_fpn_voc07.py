# SCANet, ResNet-101, VOC 2007 trainval -> test. Not in the paper.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py configs/scanet/scanet_r101_fpn_voc07.py
_base_ = [
    '../_base_/models/scanet_r101_fpn.py',
    '../_base_/datasets/voc07_multilabel.py',
    '../_base_/schedules/scanet_paper.py',
    '../_base_/default_runtime.py',
]

model = dict(
    roi_head=dict(bbox_head=dict(num_classes=20), context_head=dict(num_classes=20)),
)
