# Global max pooling and a linear layer, ResNet-101, VOC 2007 trainval -> test.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/resnet_gmp/configs/resnet_gmp_r101_voc07.py
_base_ = '../../../configs/_base_/classifier_r101_voc07.py'

custom_imports = dict(imports=['mmscanet', 'projects.resnet_gmp.resnet_gmp'])

model = dict(head=dict(type='PooledLinearHead', pool='max'))
