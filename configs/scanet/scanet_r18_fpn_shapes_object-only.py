# ContextShapes, the object branch alone: what a tight patch tells.
# Expected: mAP 84.6 (82.8 to 85.9 over seeds 0, 1, 2); on the labels that only the
#           surroundings tell 71.8 (68.6 to 74.3). See docs/context_shapes.md.
# Hardware: as scanet_r18_fpn_shapes.py; 3 minutes.
# Command:  python tools/train.py configs/scanet/scanet_r18_fpn_shapes_object-only.py
_base_ = './scanet_r18_fpn_shapes.py'

model = dict(roi_head=dict(context_roi_extractor=None, context_head=None))
