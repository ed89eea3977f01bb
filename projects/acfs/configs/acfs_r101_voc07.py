# Attention that follows a flip, ResNet-101, VOC 2007 trainval -> test.
# Expected: not yet run
# Hardware, time, memory: not yet run; each step runs the network twice.
# Command:  python tools/train.py projects/acfs/configs/acfs_r101_voc07.py
_base_ = '../../../configs/_base_/classifier_r101_voc07.py'

custom_imports = dict(imports=['mmscanet', 'projects.acfs.acfs'])

model = dict(type='ACfsClassifier', head=dict(type='CAMHead'))
