# The paper's loss, a simplified asymmetric one (ASL), a small ResNet-18, ContextShapes.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/query2label/configs/query2label_r18_shapes_asl.py
_base_ = './query2label_r18_shapes.py'

model = dict(
    head=dict(
        loss=dict(
            type='mmpretrain.AsymmetricLoss', gamma_pos=0.0, gamma_neg=1.0, clip=0.0
        )
    )
)
