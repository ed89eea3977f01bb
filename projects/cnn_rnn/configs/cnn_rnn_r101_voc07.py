# Labels named one after the other by an LSTM (CNN-RNN), ResNet-101, VOC 2007 trainval -> test.
# Expected: the paper has 84.0 mAP with VGG; ours is not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/cnn_rnn/configs/cnn_rnn_r101_voc07.py
_base_ = '../../../configs/_base_/classifier_r101_voc07.py'

custom_imports = dict(imports=['mmscanet', 'projects.cnn_rnn.cnn_rnn'])

model = dict(head=dict(type='CNNRNNHead'))
