# SCANet+, MobileNetV2, VOC 2007 trainval -> test. Not in the paper.
# Expected: not yet run; on train -> val see scanet_plus_mobilenetv2_fpn_voc07-val.py.
# Command:  python tools/train.py configs/scanet/scanet_plus_mobilenetv2_fpn_voc07.py
_base_ = './scanet_mobilenetv2_fpn_voc07.py'

model = dict(
    roi_head=dict(
        # Half of SCANet's width: the checkpoint is to be small.
        bbox_head=dict(fc_out_channels=256),
        context_head=dict(fc_out_channels=256),
        scene_head=dict(type='LabelQueryHead', in_channels=1280),
    )
)
