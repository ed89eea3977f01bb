# SCANet+, a small ResNet-18, ContextShapes. Not in the paper.
# Expected: mAP 97.1 (seed 0), see projects/README.md
# Command:  python tools/train.py configs/scanet/scanet_plus_r18_fpn_shapes.py
_base_ = './scanet_r18_fpn_shapes.py'

model = dict(
    roi_head=dict(
        # When prediction had it as a patch too, its weak scores won the maximum.
        whole_image=False,
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
