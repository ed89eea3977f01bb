# The image as a whole and its best windows, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: mAP 87.3 (seed 0) after the frozen stage, see projects/README.md
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/delta/configs/delta_mobilenetv2_voc07-val.py
_base_ = '../../../configs/_base_/classifier_mobilenetv2_voc07-val.py'

custom_imports = dict(imports=['mmscanet', 'projects.delta.delta'])

model = dict(head=dict(type='DELTAHead', hidden_channels=256))
