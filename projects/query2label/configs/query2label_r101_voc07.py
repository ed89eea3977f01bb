# Labels as queries of a decoder, ResNet-101, VOC 2007 trainval -> test.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/query2label/configs/query2label_r101_voc07.py
_base_ = '../../../configs/_base_/classifier_r101_voc07.py'

custom_imports = dict(imports=['mmscanet', 'projects.query2label.query2label'])

model = dict(head=dict(type='Query2LabelHead'))
