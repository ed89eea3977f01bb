# Cross-modality attention at several scales, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: mAP 80.3 (seed 0) after the frozen stage, see projects/README.md
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/ms_cma/configs/ms_cma_mobilenetv2_voc07-val.py
_base_ = '../../../configs/_base_/classifier_mobilenetv2_voc07-val.py'

custom_imports = dict(imports=['mmscanet', 'projects.ms_cma.ms_cma'])

model = dict(head=dict(type='MSCMAHead', lower_channels=(96,)))
