# Classifiers from a graph of labels, a small ResNet-18, ContextShapes.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/ml_gcn/configs/ml_gcn_r18_shapes.py
_base_ = '../../../configs/_base_/classifier_r18_shapes.py'

custom_imports = dict(imports=['mmscanet', 'projects.ml_gcn.ml_gcn'])

model = dict(head=dict(type='MLGCNHead', hidden_channels=64))
