# Regions that an LSTM finds one after the other (RNN-Attention), a small ResNet-18, ContextShapes.
# Expected: mAP 62.0 (seed 0)
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/rnn_attention/configs/rnn_attention_r18_shapes.py
_base_ = '../../../configs/_base_/classifier_r18_shapes.py'

custom_imports = dict(imports=['mmscanet', 'projects.rnn_attention.rnn_attention'])

# A region half as wide as the map is 10 cells wide. 4 to 5 of 11 labels are present:
# on the way there from a prior of 0.01 the LSTM saturates, and then learns no more.
# What tells objects apart is small, and an average over a region would hide it.
model = dict(
    head=dict(
        type='RNNAttentionHead',
        hidden_channels=64,
        region_size=10,
        prior=0.3,
        pool='max',
    )
)
