# PASCAL VOC 2007, train -> val: for choosing hyper-parameters, with test unseen.
_base_ = './voc07_multilabel.py'

train_dataloader = dict(dataset=dict(ann_file='VOC2007/ImageSets/Main/train.txt'))
val_dataloader = dict(dataset=dict(ann_file='VOC2007/ImageSets/Main/val.txt'))
test_dataloader = val_dataloader
