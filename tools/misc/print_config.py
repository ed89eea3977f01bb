"""Print a config with its bases and options merged in."""

from argparse import ArgumentParser

from mmscanet.engine.launch import (
    add_config_arguments,
    load_config,
    report_usage_errors,
)


def main() -> None:
    """Run the command."""
    parser = ArgumentParser(description='Print a config with its bases merged in.')
    add_config_arguments(parser)
    args = parser.parse_args()
    with report_usage_errors():
        print(load_config(args.config, args.cfg_options, args.data_root).pretty_text)


if __name__ == '__main__':
    main()
