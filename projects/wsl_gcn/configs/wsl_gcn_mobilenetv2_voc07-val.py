# Maps of the classifiers of a label graph, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: mAP 84.2 (seed 0) after the frozen stage, see projects/README.md
# Hardware: 2 cores of an Intel Xeon, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/wsl_gcn/configs/wsl_gcn_mobilenetv2_voc07-val.py
_base_ = '../../../configs/_base_/classifier_mobilenetv2_voc07-val.py'

custom_imports = dict(imports=['mmscanet', 'projects.wsl_gcn.wsl_gcn'])

model = dict(type='WSLGCN', head=dict(type='WSLGCNHead', hidden_channels=512))
