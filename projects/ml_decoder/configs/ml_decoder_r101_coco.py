# A decoder with fixed queries, ResNet-101, COCO 2017.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/ml_decoder/configs/ml_decoder_r101_coco.py
_base_ = '../../../configs/_base_/classifier_r101_coco.py'

custom_imports = dict(imports=['mmscanet', 'projects.ml_decoder.ml_decoder'])

model = dict(head=dict(type='MLDecoderHead'))
