# Labels and image in one transformer, ResNet-101, COCO 2017.
# Expected: the paper has 85.1 mAP for COCO 2014 at 576 x 576; ours is not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/c_tran/configs/c_tran_r101_coco.py
_base_ = '../../../configs/_base_/classifier_r101_coco.py'

custom_imports = dict(imports=['mmscanet', 'projects.c_tran.c_tran'])

model = dict(head=dict(type='CTranHead'))
