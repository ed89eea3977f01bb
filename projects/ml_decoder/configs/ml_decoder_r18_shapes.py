# A decoder with fixed queries, a small ResNet-18, ContextShapes.
# Expected: mAP 71.1 (seed 0)
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/ml_decoder/configs/ml_decoder_r18_shapes.py
_base_ = '../../../configs/_base_/classifier_r18_shapes.py'

custom_imports = dict(imports=['mmscanet', 'projects.ml_decoder.ml_decoder'])

# With dropout 600 pictures in 8 epochs are too few to learn the smallest shapes.
model = dict(
    head=dict(
        type='MLDecoderHead',
        hidden_channels=64,
        feedforward_channels=128,
        num_heads=4,
        dropout=0.0,
    )
)
