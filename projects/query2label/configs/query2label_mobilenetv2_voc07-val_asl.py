# The paper's loss, a simplified asymmetric one (ASL), MobileNetV2, VOC 2007 train -> val, to choose settings by.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/query2label/configs/query2label_mobilenetv2_voc07-val_asl.py
_base_ = './query2label_mobilenetv2_voc07-val.py'

model = dict(
    head=dict(
        loss=dict(
            type='mmpretrain.AsymmetricLoss', gamma_pos=0.0, gamma_neg=1.0, clip=0.0
        )
    )
)
