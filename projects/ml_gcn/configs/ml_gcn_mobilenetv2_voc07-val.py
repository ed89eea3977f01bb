# Classifiers from a graph of labels, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/ml_gcn/configs/ml_gcn_mobilenetv2_voc07-val.py
_base_ = '../../../configs/_base_/classifier_mobilenetv2_voc07-val.py'

custom_imports = dict(imports=['mmscanet', 'projects.ml_gcn.ml_gcn'])

model = dict(head=dict(type='MLGCNHead', hidden_channels=512))
