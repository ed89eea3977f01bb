# Labels each for themselves, then together, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: mAP 84.9 (seed 0) after the frozen stage, see projects/README.md
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/decouple_net/configs/decouple_net_mobilenetv2_voc07-val.py
_base_ = '../../../configs/_base_/classifier_mobilenetv2_voc07-val.py'

custom_imports = dict(imports=['mmscanet', 'projects.decouple_net.decouple_net'])

model = dict(head=dict(type='DecoupleNetHead', hidden_channels=256))
