# A superimposed label graph, injected into the backbone, a small ResNet-18, ContextShapes.
# Expected: mAP 79.6 (seed 0)
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/kssnet/configs/kssnet_r18_shapes.py
_base_ = '../../../configs/_base_/classifier_r18_shapes.py'

custom_imports = dict(imports=['mmscanet', 'projects.kssnet.kssnet'])

model = dict(
    type='KSSNet',
    head=dict(type='KSSNetHead', hidden_channels=(32,)),
)
