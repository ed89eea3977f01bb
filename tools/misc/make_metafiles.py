"""Write model-index.yml and the metafiles of the model zoo.

They say what the configs, results/*.csv and checkpoints/published.json say;
docs/publishing.md.
"""

import sys
from argparse import ArgumentParser
from pathlib import Path

from mmscanet.comparison import COMMAND, make_metafiles
from mmscanet.engine.launch import report_usage_errors
from mmscanet.files import write_atomically

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run the command; return the exit status."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--check',
        action='store_true',
        help='write nothing; exit with status 1 if a file is out of date',
    )
    args = parser.parse_args()
    with report_usage_errors():
        files = make_metafiles(ROOT)
        stale = [
            path
            for path, text in files.items()
            if not (ROOT / path).is_file() or (ROOT / path).read_text() != text
        ]
        if args.check and stale:
            print(f'out of date: {", ".join(stale)}; run {COMMAND}', file=sys.stderr)
            return 1
        for path in stale:
            write_atomically(ROOT / path, files[path])
            print(f'written: {path}')
        print(f'{len(files)} files are as the configs and results say')
        return 0


if __name__ == '__main__':
    sys.exit(main())
