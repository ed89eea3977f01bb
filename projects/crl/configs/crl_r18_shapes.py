# Images and labels projected into one space, a small ResNet-18, ContextShapes.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/crl/configs/crl_r18_shapes.py
_base_ = '../../../configs/_base_/classifier_r18_shapes.py'

custom_imports = dict(imports=['mmscanet', 'projects.crl.crl'])

model = dict(head=dict(type='CRLHead', embed_channels=64))
