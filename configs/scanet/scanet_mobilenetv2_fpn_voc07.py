# SCANet, MobileNetV2, VOC 2007 trainval -> test. Not from the paper.
# Expected: not yet run; on train -> val see scanet_mobilenetv2_fpn_voc07-val.py.
# Command:  python tools/train.py configs/scanet/scanet_mobilenetv2_fpn_voc07.py
_base_ = [
    '../_base_/models/scanet_mobilenetv2_fpn.py',
    '../_base_/datasets/voc07_multilabel.py',
    '../_base_/schedules/staged_adamw.py',
    '../_base_/default_runtime.py',
]

model = dict(
    roi_head=dict(
        bbox_head=dict(num_classes=20),
        context_head=dict(num_classes=20),
        whole_image=True,
    )
)
train_dataloader = dict(batch_size=8)
