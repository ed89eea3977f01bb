# SCANet for small machines: MobileNetV2, whose strides 8, 16 and 32 feed an FPN of
# 128 channels. The stride-4 level is left out: it would cost as much as all of the
# others together, and MobileNetV2 has only 24 channels there.
_base_ = './scanet_r50_fpn.py'

# One sample a bin: a patch is read from a level where a bin is one or two cells
# wide, and on a CPU mmcv's RoIAlign runs on one core.
extractor = dict(
    roi_layer=dict(sampling_ratio=1), out_channels=128, featmap_strides=[8, 16, 32]
)

model = dict(
    channels_last=True,
    backbone=dict(
        _delete_=True,
        type='MobileNetV2',
        out_indices=(2, 4, 7),
        norm_eval=True,
        init_cfg=dict(type='Pretrained', checkpoint='open-mmlab://mmdet/mobilenet_v2'),
    ),
    neck=dict(in_channels=[32, 96, 1280], out_channels=128),
    rpn_head=dict(
        in_channels=128,
        feat_channels=128,
        # Anchors of 32 to 512 pixels on P3 to P7.
        anchor_generator=dict(scales=[4], strides=[8, 16, 32, 64, 128]),
    ),
    roi_head=dict(
        bbox_roi_extractor=extractor,
        bbox_head=dict(in_channels=128, fc_out_channels=512),
        context_roi_extractor=extractor,
        context_head=dict(in_channels=128, fc_out_channels=512),
    ),
    train_cfg=dict(
        rpn_proposal=dict(nms_pre=1000, max_per_img=300),
        rcnn=dict(sampler=dict(num=64)),
    ),
    test_cfg=dict(rpn=dict(nms_pre=500, max_per_img=100)),
)
