# The first stage of SCANet+ as published: MobileNetV2 with the ImageNet weights of Google Coral's test data,
# which expect this scaling and padding; VOC 2007 train -> val, frozen backbone.
# Expected: mAP 88.6 on 1,800 images of val (seed 0); docs/results.md
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, about 75 minutes beside other work.
# Command (the backbone's weights are a file of yours, in mmdet's names; docs/results.md):
#   python tools/train.py configs/scanet/scanet_plus_mobilenetv2_fpn_voc07-val_coral.py
_base_ = './scanet_plus_mobilenetv2_fpn_voc07-val.py'

model = dict(
    data_preprocessor=dict(mean=[127.5, 127.5, 127.5], std=[127.5, 127.5, 127.5]),
    backbone=dict(
        conv_cfg=dict(type='Conv2dAdaptivePadding'),
        init_cfg=dict(checkpoint='data/mobilenet_v2_coral.pth'),
    ),
)
# The whole cosine on a frozen backbone; the joint stage has a config of its own, _joint.
train_cfg = dict(max_epochs=6, val_begin=6)
custom_hooks = [dict(type='StagedTrainingHook', switch_epoch=6)]
