# Labels named one after the other by an LSTM (CNN-RNN), MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: mAP 82.1 (seed 0) after the frozen stage, see projects/README.md
# Hardware: 2 cores of an Intel Xeon, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/cnn_rnn/configs/cnn_rnn_mobilenetv2_voc07-val.py
_base_ = '../../../configs/_base_/classifier_mobilenetv2_voc07-val.py'

custom_imports = dict(imports=['mmscanet', 'projects.cnn_rnn.cnn_rnn'])

model = dict(head=dict(type='CNNRNNHead'))
