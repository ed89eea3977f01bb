# Cross-modality attention at several scales, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/ms_cma/configs/ms_cma_mobilenetv2_voc07-val.py
_base_ = '../../../configs/_base_/classifier_mobilenetv2_voc07-val.py'

custom_imports = dict(imports=['mmscanet', 'projects.ms_cma.ms_cma'])

model = dict(head=dict(type='MSCMAHead', lower_channels=(96,)))
