# Maps of the classifiers of a label graph, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/wsl_gcn/configs/wsl_gcn_mobilenetv2_voc07-val.py
_base_ = '../../../configs/_base_/classifier_mobilenetv2_voc07-val.py'

custom_imports = dict(imports=['mmscanet', 'projects.wsl_gcn.wsl_gcn'])

model = dict(type='WSLGCN', head=dict(type='WSLGCNHead', hidden_channels=512))
