# Faster R-CNN as a classifier, ResNet-101, VOC 2007 trainval -> test.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/faster_rcnn/configs/faster_rcnn_r101_voc07.py
_base_ = '../../../configs/scanet/scanet_r101_fpn_voc07.py'

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
