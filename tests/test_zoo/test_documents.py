"""The model zoo's index, its page and its configs name the same models."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = {path.stem for path in (ROOT / 'configs/scanet').glob('*.py')}


def test_index_names_every_config():
    (metafile,) = yaml.safe_load((ROOT / 'model-index.yml').read_text())['Import']
    zoo = yaml.safe_load((ROOT / metafile).read_text())
    assert {model['Name'] for model in zoo['Models']} == CONFIGS
    for model in zoo['Models']:
        assert ('Weights' in model) == ('SHA256' in model['Metadata'])
        if 'Weights' in model:
            assert re.fullmatch('[0-9a-f]{64}', model['Metadata']['SHA256'])
            assert isinstance(model['Metadata']['Size (bytes)'], int)
    collections = {collection['Name'] for collection in zoo['Collections']}
    for model in zoo['Models']:
        assert model['In Collection'] in collections
        assert model['Config'] == f'configs/scanet/{model["Name"]}.py'
    for collection in zoo['Collections']:
        assert (ROOT / collection['README']).is_file()


def test_page_names_every_config():
    page = (ROOT / 'configs/scanet/README.md').read_text()
    rows = [line for line in page.splitlines() if line.startswith('| `')]
    assert {row.split('`')[1] for row in rows} == CONFIGS


def anchors(page: Path) -> set[str]:
    """What a link can name of a page: its headings, in small letters with hyphens."""
    headings = re.findall(r'^#+ (.+)$', page.read_text(), flags=re.MULTILINE)
    return {re.sub(r'[^\w\- ]', '', h.lower()).replace(' ', '-') for h in headings}


def test_links_of_the_documents_lead_somewhere():
    pages = [ROOT / 'README.md', ROOT / 'configs/scanet/README.md']
    pages += [*(ROOT / 'docs').rglob('*.md'), *(ROOT / 'projects').rglob('README.md')]
    for page in pages:
        for target, anchor in re.findall(r'\]\(([^)#]*)#?([^)]*)\)', page.read_text()):
            if '://' in target:
                continue
            other = page.parent / target if target else page
            assert other.exists(), f'{page.name}: {target}'
            if anchor:
                assert anchor in anchors(other), f'{page.name}: {target}#{anchor}'


def test_pages_of_peers_name_their_configs():
    overview = (ROOT / 'projects/README.md').read_text()
    peers = [path.parent for path in (ROOT / 'projects').glob('*/configs')]
    assert peers
    for peer in peers:
        assert f'({peer.name}/README.md)' in overview
        page = (peer / 'README.md').read_text()
        rows = [line for line in page.splitlines() if line.startswith('| `')]
        named = {row.split('`')[1] for row in rows}
        assert named == {path.stem for path in (peer / 'configs').glob('*.py')}
