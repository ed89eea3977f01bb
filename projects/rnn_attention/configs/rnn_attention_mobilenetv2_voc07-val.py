# Regions that an LSTM finds one after the other (RNN-Attention), MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: mAP 84.5 (seed 0) after the frozen stage, see projects/README.md
# Hardware: 2 cores of an Intel Xeon, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/rnn_attention/configs/rnn_attention_mobilenetv2_voc07-val.py
_base_ = '../../../configs/_base_/classifier_mobilenetv2_voc07-val.py'

custom_imports = dict(imports=['mmscanet', 'projects.rnn_attention.rnn_attention'])

model = dict(head=dict(type='RNNAttentionHead'))
