# The image as a whole and its best windows, ResNet-101, COCO 2017.
# Expected: SCANet's paper quotes 71.3 mAP for COCO; ours is not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/delta/configs/delta_r101_coco.py
_base_ = '../../../configs/_base_/classifier_r101_coco.py'

custom_imports = dict(imports=['mmscanet', 'projects.delta.delta'])

model = dict(head=dict(type='DELTAHead'))
