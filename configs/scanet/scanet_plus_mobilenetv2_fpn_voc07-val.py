# SCANet+, MobileNetV2, VOC 2007 train -> val. Not in the paper.
# Expected: not yet run
# Command:  python tools/train.py configs/scanet/scanet_plus_mobilenetv2_fpn_voc07-val.py
_base_ = './scanet_mobilenetv2_fpn_voc07-val.py'

model = dict(
    roi_head=dict(
        bbox_head=dict(fc_out_channels=256),
        context_head=dict(fc_out_channels=256),
        scene_head=dict(type='LabelQueryHead', in_channels=1280),
    )
)
