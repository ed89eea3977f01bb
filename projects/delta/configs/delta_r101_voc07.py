# The image as a whole and its best windows, ResNet-101, VOC 2007 trainval -> test.
# Expected: SCANet's paper quotes 91.1 mAP; ours is not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/delta/configs/delta_r101_voc07.py
_base_ = '../../../configs/_base_/classifier_r101_voc07.py'

custom_imports = dict(imports=['mmscanet', 'projects.delta.delta'])

model = dict(head=dict(type='DELTAHead'))
