# Labels and image in one transformer, ResNet-101, VOC 2007 trainval -> test.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/c_tran/configs/c_tran_r101_voc07.py
_base_ = '../../../configs/_base_/classifier_r101_voc07.py'

custom_imports = dict(imports=['mmscanet', 'projects.c_tran.c_tran'])

model = dict(head=dict(type='CTranHead'))
