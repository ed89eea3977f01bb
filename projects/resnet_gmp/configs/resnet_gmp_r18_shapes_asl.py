# The asymmetric loss (ASL) on global max pooling, a small ResNet-18, ContextShapes.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/resnet_gmp/configs/resnet_gmp_r18_shapes_asl.py
_base_ = './resnet_gmp_r18_shapes.py'

model = dict(
    head=dict(
        loss=dict(
            type='mmpretrain.AsymmetricLoss', gamma_pos=0.0, gamma_neg=4.0, clip=0.05
        )
    )
)
