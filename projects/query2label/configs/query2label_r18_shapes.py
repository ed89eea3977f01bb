# Labels as queries of a decoder, a small ResNet-18, ContextShapes.
# Expected: mAP 74.7 (seed 0)
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/query2label/configs/query2label_r18_shapes.py
_base_ = '../../../configs/_base_/classifier_r18_shapes.py'

custom_imports = dict(imports=['mmscanet', 'projects.query2label.query2label'])

# With dropout 600 pictures in 8 epochs are too few to learn the smallest shapes.
model = dict(
    head=dict(
        type='Query2LabelHead',
        hidden_channels=64,
        feedforward_channels=128,
        num_heads=4,
        dropout=0.0,
    )
)
