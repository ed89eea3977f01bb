# SCANet+, a small ResNet-18, ContextShapes. Not in the paper.
# Expected: not yet run
# Command:  python tools/train.py configs/scanet/scanet_plus_r18_fpn_shapes.py
_base_ = './scanet_r18_fpn_shapes.py'

model = dict(
    roi_head=dict(
        whole_image=True,
        # As ML-Decoder's on this data set.
        scene_head=dict(
            type='LabelQueryHead',
            in_channels=64,
            hidden_channels=64,
            feedforward_channels=128,
            num_heads=4,
            dropout=0.0,
        ),
    )
)
