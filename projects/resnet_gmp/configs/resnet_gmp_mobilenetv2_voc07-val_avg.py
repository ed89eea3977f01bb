# Average instead of max pooling, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: mAP 80.5 (seed 0) after the frozen stage, see projects/README.md
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/resnet_gmp/configs/resnet_gmp_mobilenetv2_voc07-val_avg.py
_base_ = './resnet_gmp_mobilenetv2_voc07-val.py'

model = dict(head=dict(pool='avg'))
