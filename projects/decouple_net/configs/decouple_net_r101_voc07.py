# Labels each for themselves, then together, ResNet-101, VOC 2007 trainval -> test.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/decouple_net/configs/decouple_net_r101_voc07.py
_base_ = '../../../configs/_base_/classifier_r101_voc07.py'

custom_imports = dict(imports=['mmscanet', 'projects.decouple_net.decouple_net'])

model = dict(head=dict(type='DecoupleNetHead'))
