# Classifiers from a graph of labels, ResNet-101, VOC 2007 trainval -> test.
# Expected: the paper has 94.0 mAP; ours is not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/ml_gcn/configs/ml_gcn_r101_voc07.py
_base_ = '../../../configs/_base_/classifier_r101_voc07.py'

custom_imports = dict(imports=['mmscanet', 'projects.ml_gcn.ml_gcn'])

model = dict(head=dict(type='MLGCNHead'))
