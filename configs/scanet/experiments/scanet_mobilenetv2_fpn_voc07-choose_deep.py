# Experiment: the trunks read each patch from the backbone's last feature map too.
# Expected: see docs/experiments.md
# Command (FIRST is a trained scanet_mobilenetv2_fpn_voc07-val):
#   FIRST=CHECKPOINT python tools/train.py configs/scanet/experiments/scanet_mobilenetv2_fpn_voc07-choose_deep.py
_base_ = './scanet_mobilenetv2_fpn_voc07-choose.py'

model = dict(
    roi_head=dict(
        deep_roi_extractor=dict(
            type='SingleRoIExtractor',
            roi_layer=dict(type='RoIAlign', output_size=1, sampling_ratio=0),
            out_channels=512,
            featmap_strides=[32],
        ),
        bbox_head=dict(deep_channels=1280),
        context_head=dict(deep_channels=1280),
    )
)
