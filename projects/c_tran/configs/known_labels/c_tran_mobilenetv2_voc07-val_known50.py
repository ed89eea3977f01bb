# C-Tran told half of each image's labels, measured on the others: MobileNetV2, VOC 2007 val.
# Expected: not yet run
# Command:  python tools/test.py projects/c_tran/configs/known_labels/c_tran_mobilenetv2_voc07-val_known50.py CHECKPOINT
_base_ = '../c_tran_mobilenetv2_voc07-val.py'

test_dataloader = dict(
    dataset=dict(
        pipeline=[
            *_base_.test_dataloader.dataset.pipeline,
            dict(type='RevealLabels', fraction=0.5),
        ]
    )
)
