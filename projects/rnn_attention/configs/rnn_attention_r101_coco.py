# Regions that an LSTM finds one after the other (RNN-Attention), ResNet-101, COCO 2017.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/rnn_attention/configs/rnn_attention_r101_coco.py
_base_ = '../../../configs/_base_/classifier_r101_coco.py'

custom_imports = dict(imports=['mmscanet', 'projects.rnn_attention.rnn_attention'])

model = dict(head=dict(type='RNNAttentionHead'))
