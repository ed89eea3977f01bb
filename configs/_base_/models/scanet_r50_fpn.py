# SCANet on mmdet's Faster R-CNN: the same backbone, FPN (P2 to P5, P6 for the RPN
# only) and RPN. Each point that the paper leaves open is one field here, with the
# default of docs/decisions.md; its alternatives are in configs/scanet/ablations/.
_base_ = 'mmdet::_base_/models/faster-rcnn_r50_fpn.py'

num_classes = 80
roi_layer = dict(type='RoIAlign', output_size=7, sampling_ratio=0)
featmap_strides = [4, 8, 16, 32]

model = dict(
    type='SCANet',
    # The schedule's hook freezes all of the backbone, and later none of it.
    backbone=dict(frozen_stages=-1),
    roi_head=dict(
        type='SCARoIHead',
        # object branch: regressor, patch classifier, label predictor
        bbox_head=dict(
            _delete_=True,
            type='MultiLabelBBoxHead',
            in_channels=256,
            fc_out_channels=1024,
            roi_feat_size=7,
            num_classes=num_classes,
            loss_bbox=dict(type='SmoothL1Loss', beta=1.0),  # Eq. 2, 3
            loss_cls=dict(type='PatchLabelLoss', reading='off'),  # Eq. 5
        ),
        # context branch: label predictor
        context_roi_extractor=dict(
            type='ContextExpandRoIExtractor',
            expand_ratio=1.5,
            roi_layer=roi_layer,
            out_channels=256,
            featmap_strides=featmap_strides,
        ),
        context_head=dict(
            type='MultiLabelBBoxHead',
            with_reg=False,
            with_patch=False,
            in_channels=256,
            fc_out_channels=1024,
            roi_feat_size=7,
            num_classes=num_classes,
            loss_cls=dict(type='PatchLabelLoss', reading='off'),
        ),
        fusion=dict(
            type='SCAFusion',
            fuse='mean',
            pool='max',
            objectness='select',
            num_patches=100,
        ),
        share_trunk=False,
        context_target='inside',
        whole_image=False,
        alpha=1.0,
        beta=1.0,
        gamma=1.0,
    ),
    train_cfg=dict(
        rcnn=dict(
            # Patches on crowd regions and difficult objects are no background.
            assigner=dict(type='DoubtfulBoxAssigner', ignore_iof_thr=0.5),
            sampler=dict(num=256),
        )
    ),
    test_cfg=dict(rpn=dict(max_per_img=200)),
)
