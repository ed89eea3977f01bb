# Labels named one after the other by an LSTM (CNN-RNN), ResNet-101, COCO 2017.
# Expected: 61.2 mAP for COCO 2014, as SCANet's paper quotes it; ours is not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/cnn_rnn/configs/cnn_rnn_r101_coco.py
_base_ = '../../../configs/_base_/classifier_r101_coco.py'

custom_imports = dict(imports=['mmscanet', 'projects.cnn_rnn.cnn_rnn'])

model = dict(head=dict(type='CNNRNNHead'))
