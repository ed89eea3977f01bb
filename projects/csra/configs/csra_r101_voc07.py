# Class-specific residual attention, ResNet-101, VOC 2007 trainval -> test.
# Expected: the paper has 94.7 mAP at 448 x 448; ours is not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/csra/configs/csra_r101_voc07.py
_base_ = '../../../configs/_base_/classifier_r101_voc07.py'

custom_imports = dict(imports=['mmscanet', 'projects.csra.csra'])

model = dict(head=dict(type='CSRAHead', num_heads=1, lam=0.1))
