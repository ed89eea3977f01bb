# Attention that follows a flip, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: not yet run
# Hardware, time, memory: not yet run; each step runs the network twice.
# Command:  python tools/train.py projects/acfs/configs/acfs_mobilenetv2_voc07-val.py
_base_ = '../../../configs/_base_/classifier_mobilenetv2_voc07-val.py'

custom_imports = dict(imports=['mmscanet', 'projects.acfs.acfs'])

model = dict(type='ACfsClassifier', head=dict(type='CAMHead'))
