# Maps of the classifiers of a label graph, a small ResNet-18, ContextShapes.
# Expected: mAP 69.6 (seed 0)
# Hardware: 2 cores of an AMD EPYC, one thread, no GPU, beside other work.
# Command:  python tools/train.py projects/wsl_gcn/configs/wsl_gcn_r18_shapes.py
_base_ = '../../../configs/_base_/classifier_r18_shapes.py'

custom_imports = dict(imports=['mmscanet', 'projects.wsl_gcn.wsl_gcn'])

# What tells objects apart is small, and an average over the image would hide it.
model = dict(
    type='WSLGCN', head=dict(type='WSLGCNHead', hidden_channels=64, pool='max')
)
