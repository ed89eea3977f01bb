# Experiment: the paper's optimiser.
# Expected: see docs/experiments.md
# Command:  FIRST=CHECKPOINT python tools/compare.py configs/scanet/experiments/*.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose.py'

optim_wrapper = dict(
    _delete_=True,
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.002, momentum=0.5, weight_decay=0.01),
)
