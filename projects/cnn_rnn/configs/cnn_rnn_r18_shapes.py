# Labels named one after the other by an LSTM (CNN-RNN), a small ResNet-18, ContextShapes.
# Expected: mAP 71.9 (seed 0)
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/cnn_rnn/configs/cnn_rnn_r18_shapes.py
_base_ = '../../../configs/_base_/classifier_r18_shapes.py'

custom_imports = dict(imports=['mmscanet', 'projects.cnn_rnn.cnn_rnn'])

# What tells objects apart here is small, and an average over the image would hide it.
model = dict(
    head=dict(type='CNNRNNHead', embed_channels=32, hidden_channels=64, pool='max')
)
