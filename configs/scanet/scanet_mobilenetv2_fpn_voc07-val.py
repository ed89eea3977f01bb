# SCANet, MobileNetV2, VOC 2007 train -> val, to choose settings by. Not in the paper.
# Expected: 87.2 mAP on 1,800 images of val (one seed; docs/results.md), 87.0 before
#           the joint stage.
# Hardware, time, memory: 2 cores of an Intel Xeon, no GPU; about 75 minutes beside
#           other work; 3 GB.
# Command, and for the figure the --cfg-options that docs/results.md gives with it:
#           python tools/train.py configs/scanet/scanet_mobilenetv2_fpn_voc07-val.py
_base_ = './scanet_mobilenetv2_fpn_voc07.py'

train_dataloader = dict(dataset=dict(ann_file='VOC2007/ImageSets/Main/train.txt'))
val_dataloader = dict(dataset=dict(ann_file='VOC2007/ImageSets/Main/val.txt'))
test_dataloader = val_dataloader
