# A superimposed label graph, injected into the backbone, a small ResNet-18, ContextShapes.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/kssnet/configs/kssnet_r18_shapes.py
_base_ = '../../../configs/_base_/classifier_r18_shapes.py'

custom_imports = dict(imports=['mmscanet', 'projects.kssnet.kssnet'])

model = dict(
    type='KSSNet',
    head=dict(type='KSSNetHead', hidden_channels=(32,)),
)
