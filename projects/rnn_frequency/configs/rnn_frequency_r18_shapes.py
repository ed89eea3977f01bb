# Labels named one after the other by an LSTM that attends to the image, a small ResNet-18, ContextShapes.
# Expected: mAP 65.3 (seed 0)
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/rnn_frequency/configs/rnn_frequency_r18_shapes.py
_base_ = '../../../configs/_base_/classifier_r18_shapes.py'

custom_imports = dict(imports=['mmscanet', 'projects.rnn_frequency.rnn_frequency'])

model = dict(
    head=dict(
        type='RNNFrequencyHead',
        embed_channels=32,
        hidden_channels=64,
        attention_channels=64,
    )
)
