# A superimposed label graph, injected into the backbone, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: mAP 77.0 (seed 0) after the frozen stage, see projects/README.md
# Hardware: 2 cores of an Intel Xeon, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/kssnet/configs/kssnet_mobilenetv2_voc07-val.py
_base_ = '../../../configs/_base_/classifier_mobilenetv2_voc07-val.py'

custom_imports = dict(imports=['mmscanet', 'projects.kssnet.kssnet'])

model = dict(
    type='KSSNet',
    head=dict(type='KSSNetHead', hidden_channels=(512, 1024), stage_channels=(32, 96)),
)
