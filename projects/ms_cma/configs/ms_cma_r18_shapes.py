# Cross-modality attention at several scales, a small ResNet-18, ContextShapes.
# Expected: mAP 60.8 (seed 0)
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/ms_cma/configs/ms_cma_r18_shapes.py
_base_ = '../../../configs/_base_/classifier_r18_shapes.py'

custom_imports = dict(imports=['mmscanet', 'projects.ms_cma.ms_cma'])

model = dict(head=dict(type='MSCMAHead', lower_channels=(32,), embed_channels=32))
