# The last stage of SCANet+ as published: as in scanet_plus_mobilenetv2_fpn_voc07-val_coral_joint_ema.py, on parts
# of images.
# Expected: mAP 91.5 on 1,800 images of val by the published file, the mean of seeds 0 and 1 and of the file
#   published of that stage; docs/experiments/schedule.md
# Hardware: one core of an AMD EPYC, no GPU, in bfloat16 (--amp), about an hour beside other work.
# Command (FIRST is what scanet_plus_mobilenetv2_fpn_voc07-val_coral_joint.py has trained):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/scanet_plus_mobilenetv2_fpn_voc07-val_coral_joint_crop.py
_base_ = './scanet_plus_mobilenetv2_fpn_voc07-val_coral_joint_ema.py'

# Two more labels in a hundred have their box on the object; docs/evidence.md
model = dict(test_cfg=dict(rcnn=dict(refinements=1)))

train_pipeline = [*_base_.train_pipeline]
train_pipeline.insert(2, dict(type='MultiLabelCrop', crop_size=(0.5, 0.5), prob=0.7))
# In the place of RandomResize: in a part objects come larger, so that images may be a little smaller.
train_pipeline[4] = dict(
    type='RandomResize', scale=(416, 416), ratio_range=(0.75, 1.15), keep_ratio=False
)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
