# A superimposed label graph, injected into the backbone, ResNet-101, VOC 2007 trainval -> test.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/kssnet/configs/kssnet_r101_voc07.py
_base_ = '../../../configs/_base_/classifier_r101_voc07.py'

custom_imports = dict(imports=['mmscanet', 'projects.kssnet.kssnet'])

model = dict(
    type='KSSNet',
    head=dict(type='KSSNetHead', hidden_channels=(256, 512, 1024)),
)
