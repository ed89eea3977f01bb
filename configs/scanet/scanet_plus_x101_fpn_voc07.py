# SCANet+, ResNeXt-101 64x4d, VOC 2007 trainval -> test. Not in the paper.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py configs/scanet/scanet_plus_x101_fpn_voc07.py
_base_ = './scanet_x101_fpn_voc07.py'

model = dict(
    roi_head=dict(
        whole_image=True,
        scene_head=dict(type='LabelQueryHead', in_channels=2048, hidden_channels=512),
    )
)
