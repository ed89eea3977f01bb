# Images and labels projected into one space, ResNet-101, COCO 2017.
# Expected: the paper has 81.1 mAP for COCO 2014; ours is not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/crl/configs/crl_r101_coco.py
_base_ = '../../../configs/_base_/classifier_r101_coco.py'

custom_imports = dict(imports=['mmscanet', 'projects.crl.crl'])

model = dict(head=dict(type='CRLHead'))
