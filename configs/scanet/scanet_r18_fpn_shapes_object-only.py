# ContextShapes, the object branch alone: what a tight patch tells.
# Expected: mAP 84.8 (83.2 to 85.7 over seeds 0, 1, 2); on the labels that only the
#           surroundings tell 72.3 (69.2 to 73.8). See docs/context_shapes.md.
# Hardware: as scanet_r18_fpn_shapes.py; 3 minutes.
# Command:  python tools/train.py configs/scanet/scanet_r18_fpn_shapes_object-only.py
_base_ = './scanet_r18_fpn_shapes.py'

model = dict(roi_head=dict(context_roi_extractor=None, context_head=None))
