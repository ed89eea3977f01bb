# Attention that follows a flip, a small ResNet-18, ContextShapes.
# Expected: not yet run
# Hardware, time, memory: not yet run; each step runs the network twice.
# Command:  python tools/train.py projects/acfs/configs/acfs_r18_shapes.py
_base_ = '../../../configs/_base_/classifier_r18_shapes.py'

custom_imports = dict(imports=['mmscanet', 'projects.acfs.acfs'])

model = dict(type='ACfsClassifier', head=dict(type='CAMHead'))
