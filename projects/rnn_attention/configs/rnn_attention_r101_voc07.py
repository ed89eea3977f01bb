# Regions that an LSTM finds one after the other (RNN-Attention), ResNet-101, VOC 2007 trainval -> test.
# Expected: the paper has 91.9 mAP with VGG; ours is not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/rnn_attention/configs/rnn_attention_r101_voc07.py
_base_ = '../../../configs/_base_/classifier_r101_voc07.py'

custom_imports = dict(imports=['mmscanet', 'projects.rnn_attention.rnn_attention'])

model = dict(head=dict(type='RNNAttentionHead'))
