# Labels as queries of a decoder, ResNet-101, COCO 2017.
# Expected: the paper has 84.9 mAP for COCO 2014 at 448 x 448; ours is not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/query2label/configs/query2label_r101_coco.py
_base_ = '../../../configs/_base_/classifier_r101_coco.py'

custom_imports = dict(imports=['mmscanet', 'projects.query2label.query2label'])

model = dict(head=dict(type='Query2LabelHead'))
