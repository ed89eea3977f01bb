# Experiment: the paper's optimiser.
# Expected: see docs/experiments.md
# Command (FIRST is a trained scanet_mobilenetv2_fpn_voc07-val):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/experiments/scanet_mobilenetv2_fpn_voc07-choose_sgd.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose.py'

optim_wrapper = dict(
    _delete_=True,
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.002, momentum=0.5, weight_decay=0.01),
)
