# Experiment: a scene branch that is the head of the best peer, DELTA.
# Expected: see docs/experiments.md
# Command (FIRST is a trained scanet_mobilenetv2_fpn_voc07-val):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/experiments/scanet_mobilenetv2_fpn_voc07-choose_windows.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose.py'

custom_imports = dict(
    imports=['mmscanet', 'projects.delta.delta'], allow_failed_imports=False
)

model = dict(
    roi_head=dict(
        scene_head=dict(type='DELTAHead', in_channels=1280, hidden_channels=256)
    )
)
