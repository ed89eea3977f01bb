# ContextShapes, labels from the context branch alone; the object branch still finds
# and refines the patches.
# Expected: mAP 88.1 (80.4 to 92.2 over seeds 0, 1, 2); on the labels that only the
#           surroundings tell 78.2 (64.2 to 85.7). See docs/context_shapes.md.
# Hardware: as scanet_r18_fpn_shapes.py; 3 minutes.
# Command:  python tools/train.py configs/scanet/scanet_r18_fpn_shapes_context-only.py
_base_ = './scanet_r18_fpn_shapes.py'

model = dict(roi_head=dict(bbox_head=dict(with_cls=False)))
