# Labels each for themselves, then together, a small ResNet-18, ContextShapes.
# Expected: mAP 75.0 (seed 0)
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/decouple_net/configs/decouple_net_r18_shapes.py
_base_ = '../../../configs/_base_/classifier_r18_shapes.py'

custom_imports = dict(imports=['mmscanet', 'projects.decouple_net.decouple_net'])

model = dict(head=dict(type='DecoupleNetHead', hidden_channels=64, num_heads=4))
