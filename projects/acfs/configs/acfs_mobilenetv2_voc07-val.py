# Attention that follows a flip, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: mAP 79.0 (seed 0) after the frozen stage, see projects/README.md
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/acfs/configs/acfs_mobilenetv2_voc07-val.py
_base_ = '../../../configs/_base_/classifier_mobilenetv2_voc07-val.py'

custom_imports = dict(imports=['mmscanet', 'projects.acfs.acfs'])

model = dict(type='ACfsClassifier', head=dict(type='CAMHead'))
