# Global max pooling and a linear layer, a small ResNet-18, ContextShapes.
# Expected: mAP 79.1 (seed 0)
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/resnet_gmp/configs/resnet_gmp_r18_shapes.py
_base_ = '../../../configs/_base_/classifier_r18_shapes.py'

custom_imports = dict(imports=['mmscanet', 'projects.resnet_gmp.resnet_gmp'])

model = dict(head=dict(type='PooledLinearHead', pool='max'))
