# Global max pooling and a linear layer, ResNet-101, COCO 2017.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/resnet_gmp/configs/resnet_gmp_r101_coco.py
_base_ = '../../../configs/_base_/classifier_r101_coco.py'

custom_imports = dict(imports=['mmscanet', 'projects.resnet_gmp.resnet_gmp'])

model = dict(head=dict(type='PooledLinearHead', pool='max'))
