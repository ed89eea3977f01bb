# SCANet+ as published: MobileNetV2 with the ImageNet weights of Google Coral's test data,
# which expect this scaling and padding; VOC 2007 train -> val, the frozen stage alone.
# Expected: not yet run
# Command (the backbone's weights are a file of yours, in mmdet's names; README.md, Results):
#   python tools/train.py configs/scanet/scanet_plus_mobilenetv2_fpn_voc07-val_coral.py
_base_ = './scanet_plus_mobilenetv2_fpn_voc07-val.py'

model = dict(
    data_preprocessor=dict(mean=[127.5, 127.5, 127.5], std=[127.5, 127.5, 127.5]),
    backbone=dict(
        conv_cfg=dict(type='Conv2dAdaptivePadding'),
        init_cfg=dict(checkpoint='data/mobilenet_v2_coral.pth'),
    ),
)
train_cfg = dict(max_epochs=4)
