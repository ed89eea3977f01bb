# Labels and image in one transformer, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: mAP 85.7 (seed 0) after the frozen stage, see projects/README.md
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/c_tran/configs/c_tran_mobilenetv2_voc07-val.py
_base_ = '../../../configs/_base_/classifier_mobilenetv2_voc07-val.py'

custom_imports = dict(imports=['mmscanet', 'projects.c_tran.c_tran'])

model = dict(head=dict(type='CTranHead', embed_dims=256))
