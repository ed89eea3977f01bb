# A superimposed label graph, injected into the backbone, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/kssnet/configs/kssnet_mobilenetv2_voc07-val.py
_base_ = '../../../configs/_base_/classifier_mobilenetv2_voc07-val.py'

custom_imports = dict(imports=['mmscanet', 'projects.kssnet.kssnet'])

model = dict(
    type='KSSNet',
    head=dict(type='KSSNetHead', hidden_channels=(32, 96)),
)
