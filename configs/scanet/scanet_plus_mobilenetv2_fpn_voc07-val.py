# SCANet+, MobileNetV2, VOC 2007 train -> val. Not in the paper.
# Expected: mAP 88.1 (seed 0) after 4 epochs of the frozen stage, see projects/README.md
# Command:  python tools/train.py configs/scanet/scanet_plus_mobilenetv2_fpn_voc07-val.py
_base_ = './scanet_plus_mobilenetv2_fpn_voc07.py'

train_dataloader = dict(dataset=dict(ann_file='VOC2007/ImageSets/Main/train.txt'))
val_dataloader = dict(dataset=dict(ann_file='VOC2007/ImageSets/Main/val.txt'))
test_dataloader = val_dataloader
