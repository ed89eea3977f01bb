# Classifiers from a graph of labels, a small ResNet-18, ContextShapes.
# Expected: mAP 83.9 (seed 0)
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/ml_gcn/configs/ml_gcn_r18_shapes.py
_base_ = '../../../configs/_base_/classifier_r18_shapes.py'

custom_imports = dict(imports=['mmscanet', 'projects.ml_gcn.ml_gcn'])

model = dict(head=dict(type='MLGCNHead', hidden_channels=64))
