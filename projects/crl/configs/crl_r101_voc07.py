# Images and labels projected into one space, ResNet-101, VOC 2007 trainval -> test.
# Expected: the paper has 93.8 mAP; ours is not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/crl/configs/crl_r101_voc07.py
_base_ = '../../../configs/_base_/classifier_r101_voc07.py'

custom_imports = dict(imports=['mmscanet', 'projects.crl.crl'])

model = dict(head=dict(type='CRLHead'))
