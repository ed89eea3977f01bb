# Regions that an LSTM finds one after the other (RNN-Attention), MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/rnn_attention/configs/rnn_attention_mobilenetv2_voc07-val.py
_base_ = '../../../configs/_base_/classifier_mobilenetv2_voc07-val.py'

custom_imports = dict(imports=['mmscanet', 'projects.rnn_attention.rnn_attention'])

model = dict(head=dict(type='RNNAttentionHead'))
