# Faster R-CNN as a classifier, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: mAP 84.2 (seed 0) after the frozen stage, see projects/README.md
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/faster_rcnn/configs/faster_rcnn_mobilenetv2_voc07-val.py
_base_ = '../../../configs/scanet/scanet_mobilenetv2_fpn_voc07-val.py'

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
