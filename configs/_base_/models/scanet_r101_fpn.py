# SCANet on ResNet-101, the backbone of most of its peers.
_base_ = './scanet_r50_fpn.py'

model = dict(
    backbone=dict(
        depth=101,
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet101'),
    )
)
