# The paper, Table 2, last row: ResNeXt-101 64x4d, VOC 2007 trainval -> test.
# Expected: the paper prints 95.3 mAP; ours is not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py configs/scanet/scanet_x101_fpn_voc07.py
_base_ = [
    '../_base_/models/scanet_x101_fpn.py',
    '../_base_/datasets/voc07_multilabel.py',
    '../_base_/schedules/scanet_paper.py',
    '../_base_/default_runtime.py',
]

model = dict(
    roi_head=dict(bbox_head=dict(num_classes=20), context_head=dict(num_classes=20)),
)
