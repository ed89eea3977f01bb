"""``mmscanet zoo``: the models that have a name."""

from argparse import ArgumentParser

from mmscanet.engine.launch import report_usage_errors
from mmscanet.zoo import find_model, list_models


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = ArgumentParser(prog='mmscanet zoo', description='The model zoo.')
    commands = parser.add_subparsers(dest='command', metavar='COMMAND', required=True)
    commands.add_parser('list', help='name the models')
    info = commands.add_parser('info', help='say what is known of one model')
    info.add_argument('name')
    return parser


def main(arguments: list[str] | None = None) -> None:
    """Run the command."""
    args = build_parser().parse_args(arguments)
    with report_usage_errors():
        if args.command == 'list':
            print_list()
        else:
            print_info(args.name)


def print_list() -> None:
    """Print a line for each model."""
    models = list(list_models())
    width = max(len(model.name) for model in models)
    for model in models:
        weights = 'checkpoint' if model.weights else 'config only'
        data = model.metadata.get('Training Data', '')
        print(f'{model.name:<{width}}  {weights:<11}  {data}')


def print_info(name: str) -> None:
    """Print all that the metafile says of one model."""
    model = find_model(name)
    print(f'name: {model.name}')
    print(f'config: {model.config}')
    print(f'weights: {model.weights or "none published"}')
    for key, value in model.metadata.items():
        print(f'{key.lower()}: {value}')
    for result in model.results:
        figures = ', '.join(f'{k} {v}' for k, v in result.get('Metrics', {}).items())
        print(f'{result.get("Dataset", "result")}: {figures}')
