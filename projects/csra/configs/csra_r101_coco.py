# Class-specific residual attention, ResNet-101, COCO 2017.
# Expected: the paper has 83.3 mAP for COCO 2014 at 448 x 448; ours is not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/csra/configs/csra_r101_coco.py
_base_ = '../../../configs/_base_/classifier_r101_coco.py'

custom_imports = dict(imports=['mmscanet', 'projects.csra.csra'])

model = dict(head=dict(type='CSRAHead', num_heads=4, lam=0.5))
