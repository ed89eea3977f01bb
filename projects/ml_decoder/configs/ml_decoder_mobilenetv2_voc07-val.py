# A decoder with fixed queries, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: mAP 86.3 (seeds 0, 1) after the frozen stage, see projects/README.md
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/ml_decoder/configs/ml_decoder_mobilenetv2_voc07-val.py
_base_ = '../../../configs/_base_/classifier_mobilenetv2_voc07-val.py'

custom_imports = dict(imports=['mmscanet', 'projects.ml_decoder.ml_decoder'])

model = dict(
    head=dict(
        type='MLDecoderHead',
        hidden_channels=256,
        feedforward_channels=1024,
        num_heads=8,
    )
)
