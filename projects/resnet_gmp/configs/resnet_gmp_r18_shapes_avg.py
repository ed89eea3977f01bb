# Average instead of max pooling, a small ResNet-18, ContextShapes.
# Expected: not yet run
# Hardware, time, memory: not yet run.
# Command:  python tools/train.py projects/resnet_gmp/configs/resnet_gmp_r18_shapes_avg.py
_base_ = './resnet_gmp_r18_shapes.py'

model = dict(head=dict(pool='avg'))
