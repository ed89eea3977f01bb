# Maps of the classifiers of a label graph, ResNet-101, VOC 2007 trainval -> test.
# Expected: the paper has 94.7 mAP; ours is not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/wsl_gcn/configs/wsl_gcn_r101_voc07.py
_base_ = '../../../configs/_base_/classifier_r101_voc07.py'

custom_imports = dict(imports=['mmscanet', 'projects.wsl_gcn.wsl_gcn'])

model = dict(type='WSLGCN', head=dict(type='WSLGCNHead'))
