# Labels and image in one transformer, a small ResNet-18, ContextShapes.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/c_tran/configs/c_tran_r18_shapes.py
_base_ = '../../../configs/_base_/classifier_r18_shapes.py'

custom_imports = dict(imports=['mmscanet', 'projects.c_tran.c_tran'])

model = dict(head=dict(type='CTranHead'))
