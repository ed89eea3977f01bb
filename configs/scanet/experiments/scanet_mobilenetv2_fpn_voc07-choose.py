# The short schedule of docs/experiments.md: backbone, neck and RPN of a trained SCANet
# rest, and the branches are trained anew, for two epochs. One leaf a question.
# Expected: see docs/experiments.md
# Command (FIRST is a trained scanet_mobilenetv2_fpn_voc07-val):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/experiments/scanet_mobilenetv2_fpn_voc07-choose.py
_base_ = '../scanet_mobilenetv2_fpn_voc07-val.py'

first = '{{$FIRST:work_dirs/scanet_mobilenetv2_fpn_voc07-val/epoch_4.pth}}'

model = dict(
    backbone=dict(init_cfg=dict(checkpoint=first, prefix='backbone.')),
    neck=dict(init_cfg=dict(type='Pretrained', checkpoint=first, prefix='neck.')),
    rpn_head=dict(
        init_cfg=dict(type='Pretrained', checkpoint=first, prefix='rpn_head.')
    ),
)
val_dataloader = dict(
    dataset=dict(
        ann_file='{{ fileDirname }}/../../_base_/datasets/voc07_val_choose.txt'
    )
)
test_dataloader = val_dataloader

train_cfg = dict(max_epochs=2, val_begin=2)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', T_max=2, end=2, convert_to_iter_based=True),
]
custom_hooks = [
    dict(
        type='StagedTrainingHook',
        module=['backbone', 'neck', 'rpn_head'],
        switch_epoch=2,
    )
]
