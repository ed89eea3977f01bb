# Global max pooling and a linear layer, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/resnet_gmp/configs/resnet_gmp_mobilenetv2_voc07-val.py
_base_ = '../../../configs/_base_/classifier_mobilenetv2_voc07-val.py'

custom_imports = dict(imports=['mmscanet', 'projects.resnet_gmp.resnet_gmp'])

model = dict(head=dict(type='PooledLinearHead', pool='max'))
