# Faster R-CNN as a classifier, a small ResNet-18, ContextShapes.
# Expected: mAP 87.3 (seed 0)
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/faster_rcnn/configs/faster_rcnn_r18_shapes.py
_base_ = '../../../configs/scanet/scanet_r18_fpn_shapes.py'

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
