# Labels and image in one transformer, a small ResNet-18, ContextShapes.
# Expected: mAP 73.7 (seed 0)
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/c_tran/configs/c_tran_r18_shapes.py
_base_ = '../../../configs/_base_/classifier_r18_shapes.py'

custom_imports = dict(imports=['mmscanet', 'projects.c_tran.c_tran'])

model = dict(head=dict(type='CTranHead'))
