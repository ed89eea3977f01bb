# Labels named one after the other by an LSTM that attends to the image, MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: mAP 86.2 (seed 0) after the frozen stage, see projects/README.md
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/rnn_frequency/configs/rnn_frequency_mobilenetv2_voc07-val.py
_base_ = '../../../configs/_base_/classifier_mobilenetv2_voc07-val.py'

custom_imports = dict(imports=['mmscanet', 'projects.rnn_frequency.rnn_frequency'])

model = dict(head=dict(type='RNNFrequencyHead'))
