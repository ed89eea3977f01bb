# Attention that follows a flip, ResNet-101, COCO 2017.
# Expected: the paper has 77.5 mAP for COCO 2014; ours is not yet run
# Hardware, time, memory: not yet run; each step runs the network twice.
# Command:  python tools/train.py projects/acfs/configs/acfs_r101_coco.py
_base_ = '../../../configs/_base_/classifier_r101_coco.py'

custom_imports = dict(imports=['mmscanet', 'projects.acfs.acfs'])

model = dict(type='ACfsClassifier', head=dict(type='CAMHead'))
