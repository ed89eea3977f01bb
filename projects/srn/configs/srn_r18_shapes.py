# Spatial regularisation by attention maps, a small ResNet-18, ContextShapes.
# Expected: mAP 60.6 (seed 0)
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/srn/configs/srn_r18_shapes.py
_base_ = '../../../configs/_base_/classifier_r18_shapes.py'

custom_imports = dict(imports=['mmscanet', 'projects.srn.srn'])

model = dict(head=dict(type='SRNHead', map_size=20, channels=64))
