# The asymmetric loss (ASL) on global max pooling, a small ResNet-18, ContextShapes.
# Expected: mAP 84.0 (seed 0); on the labels that only the surroundings tell 70.7.
# Hardware: 2 Intel Xeon cores, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/resnet_gmp/configs/resnet_gmp_r18_shapes_asl.py
_base_ = './resnet_gmp_r18_shapes.py'

model = dict(
    head=dict(
        loss=dict(
            type='mmpretrain.AsymmetricLoss', gamma_pos=0.0, gamma_neg=4.0, clip=0.05
        )
    )
)
