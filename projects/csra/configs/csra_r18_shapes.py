# Class-specific residual attention, a small ResNet-18, ContextShapes.
# Expected: mAP 76.3 (seed 0)
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/csra/configs/csra_r18_shapes.py
_base_ = '../../../configs/_base_/classifier_r18_shapes.py'

custom_imports = dict(imports=['mmscanet', 'projects.csra.csra'])

model = dict(head=dict(type='CSRAHead', num_heads=1, lam=0.1))
