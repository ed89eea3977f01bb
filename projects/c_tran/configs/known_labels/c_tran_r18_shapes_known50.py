# C-Tran told half of each image's labels, measured on the others: a small ResNet-18, ContextShapes.
# Expected: not yet run
# Command:  python tools/test.py projects/c_tran/configs/known_labels/c_tran_r18_shapes_known50.py CHECKPOINT
_base_ = '../c_tran_r18_shapes.py'

test_dataloader = dict(
    dataset=dict(
        pipeline=[
            *_base_.test_dataloader.dataset.pipeline,
            dict(type='RevealLabels', fraction=0.5),
        ]
    )
)
