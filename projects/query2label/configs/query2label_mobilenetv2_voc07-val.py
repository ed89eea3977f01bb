# Labels as queries of a decoder, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: mAP 84.6 (seed 0) after the frozen stage, see projects/README.md
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/query2label/configs/query2label_mobilenetv2_voc07-val.py
_base_ = '../../../configs/_base_/classifier_mobilenetv2_voc07-val.py'

custom_imports = dict(imports=['mmscanet', 'projects.query2label.query2label'])

model = dict(
    head=dict(
        type='Query2LabelHead',
        hidden_channels=256,
        feedforward_channels=1024,
        num_heads=8,
    )
)
