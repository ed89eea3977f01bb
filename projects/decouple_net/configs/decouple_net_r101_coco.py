# Labels each for themselves, then together, ResNet-101, COCO 2017.
# Expected: SCANet's paper quotes 82.2 mAP for COCO; ours is not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/decouple_net/configs/decouple_net_r101_coco.py
_base_ = '../../../configs/_base_/classifier_r101_coco.py'

custom_imports = dict(imports=['mmscanet', 'projects.decouple_net.decouple_net'])

model = dict(head=dict(type='DecoupleNetHead'))
