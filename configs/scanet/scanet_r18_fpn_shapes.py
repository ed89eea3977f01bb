# SCANet, a small ResNet-18, ContextShapes: the embedded default. Not in the paper.
# Expected: mAP 98.9 (98.5 to 99.5 over seeds 0, 1, 2); on the labels that only the
#           surroundings tell 97.9 (97.3 to 99.2). See docs/context_shapes.md.
# Hardware: 2 AMD EPYC cores, one thread, no GPU; 3 minutes, 1.2 GB.
# Command:  python tools/train.py configs/scanet/scanet_r18_fpn_shapes.py
#
# Nothing is downloaded: the data set is made on first use and the backbone starts
# from random weights, so that there is no frozen stage.
_base_ = [
    '../_base_/models/scanet_r50_fpn.py',
    '../_base_/datasets/shapes_multilabel.py',
    '../_base_/default_runtime.py',
]

num_classes = 11
# An eighth of FPN's channels. With finest_scale=16 a bin of an object patch and of its
# context patch is about one cell of the level it is read from: one sample is enough.
extractor = dict(roi_layer=dict(sampling_ratio=1), out_channels=32, finest_scale=16)
head = dict(in_channels=32, fc_out_channels=256, num_classes=num_classes)

model = dict(
    # Half of ResNet-18's channels and its first two stages, strides 4 and 8; P4 and P5
    # are pooled from P3. Further stages see most of the picture, and FPN hands what
    # they see to every patch: then the object branch too knows the surroundings.
    backbone=dict(
        depth=18,
        base_channels=32,
        num_stages=2,
        strides=(1, 2),
        dilations=(1, 1),
        out_indices=(0, 1),
        frozen_stages=-1,
        norm_eval=False,
        init_cfg=None,
    ),
    neck=dict(in_channels=[32, 64], out_channels=32),
    rpn_head=dict(
        in_channels=32,
        feat_channels=32,
        # Anchors of 24 pixels on P2, 48 on P3, ...
        anchor_generator=dict(scales=[6]),
    ),
    roi_head=dict(
        bbox_roi_extractor=extractor,
        bbox_head=head,
        # Partners begin 8 to 11 pixels beside objects of 19 to 25.
        context_roi_extractor=dict(expand_ratio=3.0, **extractor),
        context_head=head,
    ),
    train_cfg=dict(
        rpn_proposal=dict(nms_pre=200, max_per_img=100),
        rcnn=dict(sampler=dict(num=32, pos_fraction=0.5)),
    ),
    test_cfg=dict(rpn=dict(nms_pre=100, max_per_img=50)),
)

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=8, val_interval=4)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1.5e-3, weight_decay=0.05, fused=True),
    paramwise_cfg=dict(norm_decay_mult=0.0),
    clip_grad=dict(max_norm=10.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=75),
    dict(type='CosineAnnealingLR', T_max=8, end=8, convert_to_iter_based=True),
]
auto_scale_lr = dict(enable=False, base_batch_size=8)
