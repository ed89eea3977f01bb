# Maps of the classifiers of a label graph, ResNet-101, COCO 2017.
# Expected: the paper has 84.8 mAP for COCO 2014; ours is not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/wsl_gcn/configs/wsl_gcn_r101_coco.py
_base_ = '../../../configs/_base_/classifier_r101_coco.py'

custom_imports = dict(imports=['mmscanet', 'projects.wsl_gcn.wsl_gcn'])

model = dict(type='WSLGCN', head=dict(type='WSLGCNHead'))
