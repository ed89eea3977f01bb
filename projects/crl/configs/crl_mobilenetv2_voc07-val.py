# Images and labels projected into one space, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/crl/configs/crl_mobilenetv2_voc07-val.py
_base_ = '../../../configs/_base_/classifier_mobilenetv2_voc07-val.py'

custom_imports = dict(imports=['mmscanet', 'projects.crl.crl'])

model = dict(head=dict(type='CRLHead'))
