# Labels as queries of a decoder, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: not yet run
# Hardware, time, memory: not yet run.
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
