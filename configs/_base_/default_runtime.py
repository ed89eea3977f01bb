# mmdet's runtime; checkpoints are kept for resuming (the last two) and by mAP. The model
# must have as many labels as the data, the loss must be a number, the warm-up short, and
# the figure that the best checkpoint is kept by one that is measured. The JSON file of a
# test run keeps its counts. Pictures show the evidence of the labels that the figures
# count as predicted: those with a score of at least 0.5. The feature cache works once it
# has a folder: --cfg-options default_hooks.feature_cache.folder=DIR
_base_ = 'mmdet::_base_/default_runtime.py'

custom_imports = dict(imports=['mmscanet'], allow_failed_imports=False)

default_hooks = dict(
    best_figure=dict(type='BestFigureCheckHook'),
    checkpoint=dict(max_keep_ckpts=2, save_best='multi-label/mAP', rule='greater'),
    feature_cache=dict(type='FeatureCacheHook', folder=None),
    finite_loss=dict(type='FiniteLossHook'),
    label_count=dict(type='LabelCountCheckHook'),
    label_statistics=dict(type='LabelStatisticsHook'),
    logger=dict(type='CountLoggerHook'),
    # Several processes validate with the statistics of BatchNorm that are saved.
    sync_buffers=dict(type='SyncBuffersHook'),
    visualization=dict(type='EvidenceVisualizationHook', score_thr=0.5),
    warm_up=dict(type='WarmUpCheckHook'),
)
visualizer = dict(type='EvidenceVisualizer')
