# The image as a whole and its best windows, a small ResNet-18, ContextShapes.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/delta/configs/delta_r18_shapes.py
_base_ = '../../../configs/_base_/classifier_r18_shapes.py'

custom_imports = dict(imports=['mmscanet', 'projects.delta.delta'])

model = dict(head=dict(type='DELTAHead', hidden_channels=64))
