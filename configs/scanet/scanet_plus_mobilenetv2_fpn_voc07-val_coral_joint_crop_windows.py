# SCANet+ with another scene branch: it reads the image's best windows, as the best of the peers, DELTA, does.
# Expected: mAP 91.4 on 1,800 images of val by a new scene branch in the published file of
#   scanet_plus_mobilenetv2_fpn_voc07-val_coral_joint_crop.py, no more than that file
# Hardware: one core of an AMD EPYC, no GPU, about 45 minutes for the new branch.
# Commands: those of that figure are in docs/experiments/schedule.md, "A scene branch that reads windows".
#   Trained as a whole, which is not yet run (FIRST as for the file above):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/scanet_plus_mobilenetv2_fpn_voc07-val_coral_joint_crop_windows.py
_base_ = './scanet_plus_mobilenetv2_fpn_voc07-val_coral_joint_crop.py'

model = dict(
    roi_head=dict(
        scene_head=dict(
            _delete_=True, type='WindowHead', in_channels=1280, hidden_channels=256
        )
    )
)
