# Average instead of max pooling, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/resnet_gmp/configs/resnet_gmp_mobilenetv2_voc07-val_avg.py
_base_ = './resnet_gmp_mobilenetv2_voc07-val.py'

model = dict(head=dict(pool='avg'))
