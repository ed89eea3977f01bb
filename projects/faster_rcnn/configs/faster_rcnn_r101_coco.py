# Faster R-CNN as a classifier, ResNet-101, COCO 2017.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/faster_rcnn/configs/faster_rcnn_r101_coco.py
_base_ = '../../../configs/scanet/scanet_r101_fpn_coco.py'

custom_imports = dict(imports=['mmscanet', 'projects.faster_rcnn.faster_rcnn'])

model = dict(
    type='MultiLabelFasterRCNN',
    roi_head=dict(
        _delete_=True,
        type='StandardRoIHead',
        bbox_roi_extractor=_base_.model.roi_head.bbox_roi_extractor,
        bbox_head=dict(
            _base_.model.roi_head.bbox_head,
            type='Shared2FCBBoxHead',
            reg_class_agnostic=True,
            loss_cls=dict(type='CrossEntropyLoss', use_sigmoid=False),
        ),
    ),
)
