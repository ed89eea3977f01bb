# The last stage of SCANet+ with teachers: the published file and DELTA after its crop stage, whose working folder
# DELTA names. FIRST is what the training starts from.
_base_ = (
    '../../../configs/scanet/scanet_plus_mobilenetv2_fpn_voc07-val_coral_joint_crop.py'
)

custom_imports = dict(
    imports=['mmscanet', 'projects.delta.delta', 'projects.taught.taught']
)

name = 'scanet_plus_mobilenetv2_fpn_voc07-val_coral_joint_crop'
model = dict(
    type='TaughtSCANet',
    plus=dict(
        config=f'configs/scanet/{name}.py',
        checkpoint=f'checkpoints/{name}-d2a8267e.pth',
    ),
    delta=dict(
        config='{{$DELTA:work_dirs}}/delta_mobilenetv2_voc07-val.py',
        checkpoint='{{$DELTA:work_dirs}}/epoch_3.pth',
    ),
    roi_head=dict(type='TaughtRoIHead', delta=1.0),
)
