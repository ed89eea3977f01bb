# Global max pooling and a linear layer, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: mAP 83.3 (seed 0) after the frozen stage, see projects/README.md
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/resnet_gmp/configs/resnet_gmp_mobilenetv2_voc07-val.py
_base_ = '../../../configs/_base_/classifier_mobilenetv2_voc07-val.py'

custom_imports = dict(imports=['mmscanet', 'projects.resnet_gmp.resnet_gmp'])

model = dict(head=dict(type='PooledLinearHead', pool='max'))
