"""Print the parameters and FLOPs of a config's model."""

from argparse import ArgumentParser

import torch

from mmscanet.engine.launch import (
    add_config_arguments,
    add_shape_argument,
    input_shape,
    load_config,
    report_usage_errors,
)
from mmscanet.engine.measure import (
    Setting,
    build,
    count_flops,
    count_labels,
    make_tasks,
    random_batch,
)


def main() -> None:
    """Run the command."""
    parser = ArgumentParser(description='Count parameters and FLOPs of a model.')
    add_config_arguments(parser)
    add_shape_argument(parser)
    args = parser.parse_args()
    with report_usage_errors():
        cfg = load_config(args.config, args.cfg_options, args.data_root, ['model'])
        setting = Setting(tuple(args.shape or input_shape(cfg)), batch_size=1)
        model = build(cfg.model)
        batch = random_batch(setting, count_labels(cfg.model))
        model.eval()
        print(f'input       {setting.shape[0]} x {setting.shape[1]}, one image')
        parameters = sum(param.numel() for param in model.parameters())
        print(f'parameters  {parameters / 1e6:.2f} M')
        tasks = make_tasks(model, batch)
        for name in ('predict', 'predict_labels'):
            if name in tasks:
                flops = count_flops(tasks[name])
                print(f'{name:<16}{flops / 1e9:.2f} GFLOPs ({flops / 2e9:.2f} GMACs)')
        if hasattr(model, 'rpn_head'):
            with torch.no_grad():
                (proposals,) = model.rpn_head.predict(
                    model.extract_feat(batch[0]), batch[1], rescale=False
                )
            print(f'On {len(proposals)} patches; what follows the RPN grows with them.')
        print(
            'A multiply-add is two FLOPs and one MAC (mmdet prints MACs as FLOPs); '
            'RoIAlign, NMS and element-wise work are left out.'
        )


if __name__ == '__main__':
    main()
