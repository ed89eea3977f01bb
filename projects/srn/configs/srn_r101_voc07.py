# Spatial regularisation by attention maps, ResNet-101, VOC 2007 trainval -> test.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/srn/configs/srn_r101_voc07.py
_base_ = '../../../configs/_base_/classifier_r101_voc07.py'

custom_imports = dict(imports=['mmscanet', 'projects.srn.srn'])

# As in the paper, the net beside the main one reads the last but one stage.
model = dict(head=dict(type='SRNHead', map_size=26, srn_level=-2, srn_channels=1024))
