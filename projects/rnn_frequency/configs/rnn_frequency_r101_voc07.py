# Labels named one after the other by an LSTM that attends to the image, ResNet-101, VOC 2007 trainval -> test.
# Expected: 85.6 mAP, as SCANet's paper quotes it; ours is not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/rnn_frequency/configs/rnn_frequency_r101_voc07.py
_base_ = '../../../configs/_base_/classifier_r101_voc07.py'

custom_imports = dict(imports=['mmscanet', 'projects.rnn_frequency.rnn_frequency'])

model = dict(head=dict(type='RNNFrequencyHead'))
