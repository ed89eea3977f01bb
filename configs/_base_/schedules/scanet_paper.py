# The paper's optimiser (Sec. 3.1): SGD, lr 0.002, momentum 0.5, decay 0.01, batch 2.
# "Load and freeze the pre-trained weights of the backbone, and then train the
# remaining modules. Once the training converges, the whole model is jointly
# optimized." How long is not said; converged is read as: two validations in a row
# without a rise of mAP, after at most 8 of the 16 epochs.
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=16, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.002, momentum=0.5, weight_decay=0.01),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=500),
    dict(
        type='MultiStepLR',
        by_epoch=True,
        begin=0,
        end=16,
        milestones=[12, 15],
        gamma=0.1,
    ),
]
custom_hooks = [
    dict(type='StagedTrainingHook', patience=2, min_delta=0.1, max_frozen_epochs=8)
]

# --auto-scale-lr scales lr from here to the total batch size.
auto_scale_lr = dict(enable=False, base_batch_size=2)
