# Classifiers from a graph of labels, ResNet-101, COCO 2017.
# Expected: the paper has 83.0 mAP for COCO 2014; ours is not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/ml_gcn/configs/ml_gcn_r101_coco.py
_base_ = '../../../configs/_base_/classifier_r101_coco.py'

custom_imports = dict(imports=['mmscanet', 'projects.ml_gcn.ml_gcn'])

model = dict(head=dict(type='MLGCNHead'))
