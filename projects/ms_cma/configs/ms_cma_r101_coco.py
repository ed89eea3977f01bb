# Cross-modality attention at several scales, ResNet-101, COCO 2017.
# Expected: the paper has 83.8 mAP for COCO 2014; ours is not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/ms_cma/configs/ms_cma_r101_coco.py
_base_ = '../../../configs/_base_/classifier_r101_coco.py'

custom_imports = dict(imports=['mmscanet', 'projects.ms_cma.ms_cma'])

model = dict(head=dict(type='MSCMAHead', lower_channels=(1024,)))
