# A short modern schedule for small machines: AdamW, one cosine over both stages. It
# ends an epoch before the cosine does, whose last epoch changes next to nothing.
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=5, val_begin=4, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=5e-4, weight_decay=0.05),
    paramwise_cfg=dict(
        custom_keys=dict(backbone=dict(lr_mult=0.5)), norm_decay_mult=0.0
    ),
    clip_grad=dict(max_norm=10.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', T_max=6, end=6, convert_to_iter_based=True),
]
custom_hooks = [dict(type='StagedTrainingHook', switch_epoch=4)]

auto_scale_lr = dict(enable=False, base_batch_size=8)
