# Images and labels projected into one space, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: mAP 86.3 (seed 0) after the frozen stage, see projects/README.md
# Hardware: 2 cores of an Intel Xeon, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/crl/configs/crl_mobilenetv2_voc07-val.py
_base_ = '../../../configs/_base_/classifier_mobilenetv2_voc07-val.py'

custom_imports = dict(imports=['mmscanet', 'projects.crl.crl'])

model = dict(head=dict(type='CRLHead'))
