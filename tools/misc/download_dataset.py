"""Fetch COCO 2017 or PASCAL VOC 2007 to where the configs look for them.

    python tools/misc/download_dataset.py voc2007
    python tools/misc/download_dataset.py coco2017 --save-dir data

A broken download goes on where it stopped when the command is run again. Every
archive is checked against its MD5 before it is unpacked into

    data/coco/{train2017,val2017,annotations}    data/VOCdevkit/VOC2007

An archive fetched by other means is used if it lies in the save directory.
"""

import argparse
import hashlib
import os
import stat
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from mmscanet.engine.launch import report_usage_errors
from mmscanet.errors import (
    DataError,
    OutputError,
    UsageError,
    explain_failed_output,
    require_writable_file,
)
from mmscanet.zoo.fetch import fetch

CHUNK = 1 << 20


@dataclass(frozen=True)
class Archive:
    """One file to fetch and unpack.

    Attributes:
        url: Where it officially lies.
        size: Its bytes.
        md5: Its checksum, in hexadecimal.
        target: Folder under the save directory to unpack into.
        creates: A path under ``target`` that is there once it is unpacked.
    """

    url: str
    size: int
    md5: str
    target: str
    creates: str

    @property
    def name(self) -> str:
        """File name."""
        return self.url.rsplit('/', 1)[-1]


_COCO = 'http://images.cocodataset.org'
_VOC = 'http://host.robots.ox.ac.uk/pascal/VOC/voc2007'
# The publishers print no checksums. COCO's are those PaddleDetection
# (ppdet/utils/download.py) checks, VOC's those of torchvision (datasets/voc.py). The
# sizes are what the publishers' servers announce.
DATASETS = {
    'coco2017': (
        Archive(
            url=f'{_COCO}/annotations/annotations_trainval2017.zip',
            size=252_907_541,
            md5='f4bbac642086de4f52a3fdda2de5fa2c',
            target='coco',
            creates='annotations/instances_val2017.json',
        ),
        Archive(
            url=f'{_COCO}/zips/val2017.zip',
            size=815_585_330,
            md5='442b8da7639aecaf257c1dceb8ba8c80',
            target='coco',
            creates='val2017',
        ),
        Archive(
            url=f'{_COCO}/zips/train2017.zip',
            size=19_336_861_798,
            md5='cced6f7f71b7629ddf16f17bbcfab6b2',
            target='coco',
            creates='train2017',
        ),
    ),
    'voc2007': (
        Archive(
            url=f'{_VOC}/VOCtrainval_06-Nov-2007.tar',
            size=460_032_000,
            md5='c52e279531787c972589f7e41ab4ae64',
            target='',
            creates='VOCdevkit/VOC2007/ImageSets/Main/trainval.txt',
        ),
        Archive(
            url=f'{_VOC}/VOCtest_06-Nov-2007.tar',
            size=451_020_800,
            md5='b6e924de25625d8de591ea690078ad9f',
            target='',
            creates='VOCdevkit/VOC2007/ImageSets/Main/test.txt',
        ),
    ),
}


def md5_of(path: Path) -> str:
    """The MD5 of a file, in hexadecimal."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open('rb') as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def download(archive: Archive, url: str, path: Path) -> None:
    """Bring an archive to ``path``, whole and verified.

    Args:
        archive: What it has to be.
        url: Where to fetch it from.
        path: Destination; what is there already is verified and kept. A download
            under way lies beside it, with ``.part`` added to its name.

    Raises:
        UsageError: The source cannot be reached, or the file is not the expected.
    """
    by_hand = (
        f'You can also fetch {url} by other means, put it at {path} and run this '
        'command again; or name a mirror with --url-base'
    )
    if not path.is_file():
        require_writable_file(path)
        part = path.with_name(path.name + '.part')
        try:
            fetch(url, part, archive.size)
        except OutputError:
            raise
        except UsageError as error:
            raise UsageError(f'{error}. {by_hand}') from error
        with explain_failed_output(path):
            part.replace(path)
    found = md5_of(path)
    if found != archive.md5:
        broken = path.with_name(path.name + '.broken')
        path.replace(broken)
        raise DataError(
            f'{path.name} is damaged or not the expected file: its MD5 is {found} '
            f'and should be {archive.md5}. It is put aside as {broken}; run the '
            f'command again to fetch it anew. {by_hand}'
        )


def _check_member(archive: Path, name: str, plain: bool) -> None:
    """Raise ``DataError`` unless the member stays inside and is no link."""
    parts = PurePosixPath(name.replace('\\', '/')).parts
    outside = not parts or parts[0][0] == '/' or '..' in parts or ':' in parts[0]
    if outside or not plain:
        raise DataError(
            f'{archive} is not unpacked: its member {name!r} '
            + ('would lie outside the folder' if outside else 'is a link or a device')
        )


def _unpack_into(archive: Path, folder: Path) -> None:
    """Unpack a zip or tar of plain files and folders; refuse anything else."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            infos = file.infolist()
            for info in infos:
                mode = stat.S_IFMT(info.external_attr >> 16)
                plain = mode in (0, stat.S_IFREG, stat.S_IFDIR)
                _check_member(archive, info.filename, plain)
            for info in tqdm(infos, desc=f'unpack {archive.name}'):
                file.extract(info, folder)
    else:
        # Python 3.10 and 3.11 have the filter in their later patch releases only;
        # the check above it alone already admits nothing but plain inner files.
        safe = {'filter': 'data'} if hasattr(tarfile, 'data_filter') else {}
        with tarfile.open(archive) as file:
            members = file.getmembers()
            for member in members:
                plain = member.isreg() or member.isdir()
                _check_member(archive, member.name, plain)
            for member in tqdm(members, desc=f'unpack {archive.name}'):
                file.extract(member, folder, **safe)


def _merge(source: Path, target: Path) -> None:
    """Move ``source`` to ``target``, into folders that exist already."""
    if source.is_dir() and target.is_dir():
        for child in source.iterdir():
            _merge(child, target / child.name)
    elif target.exists() and source.is_dir() != target.is_dir():
        raise DataError(f'{target} is in the way: it is not what is unpacked there')
    else:
        os.replace(source, target)


def unpack(archive: Path, target: Path) -> None:
    """Unpack ``archive`` into ``target``; nothing appears there if it fails.

    Raises:
        DataError: The archive is unreadable or has an unsafe member.
        OutputError: ``target`` cannot be written.
    """
    with explain_failed_output(target):
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix='.unpacking-', dir=target) as temporary:
            try:
                _unpack_into(archive, Path(temporary))
            except (tarfile.TarError, zipfile.BadZipFile) as error:
                raise DataError(f'{archive} cannot be unpacked: {error}') from error
            for child in Path(temporary).iterdir():
                _merge(child, target / child.name)


def prepare(
    archive: Archive,
    save_dir: Path,
    url_base: str | None = None,
    extract: bool = True,
    delete: bool = False,
) -> None:
    """Fetch, verify and unpack one archive, skipping what is done already.

    Args:
        archive: What to fetch.
        save_dir: Where archives and data go.
        url_base: Folder of a mirror that holds the archive under its own name.
        extract: Whether to unpack.
        delete: Whether to delete the archive once it is unpacked.

    Raises:
        UsageError: See :func:`download` and :func:`unpack`.
    """
    target = save_dir / archive.target
    done = target / f'.{archive.name}.unpacked'
    if extract and (target / archive.creates).exists() and done.exists():
        print(f'{archive.name}: already verified and unpacked in {target}')
        return
    url = f'{url_base.rstrip("/")}/{archive.name}' if url_base else archive.url
    path = save_dir / archive.name
    download(archive, url, path)
    print(f'{archive.name}: verified')
    if not extract:
        return
    unpack(path, target)
    if not (target / archive.creates).exists():
        raise DataError(f'{path} was unpacked but has no {archive.creates}')
    done.write_text(archive.md5 + '\n')
    if delete:
        path.unlink()
    print(f'{archive.name}: unpacked in {target}')


def _as_url(text: str) -> str:
    """Take a folder of this machine for what it is."""
    return text if '://' in text else Path(text).resolve().as_uri()


def parse_args(args: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('dataset', choices=sorted(DATASETS))
    parser.add_argument('--save-dir', type=Path, default=Path('data'))
    parser.add_argument(
        '--only', nargs='+', metavar='ARCHIVE', help='fetch these archives only'
    )
    parser.add_argument(
        '--url-base',
        type=_as_url,
        help='a mirror: the folder that holds the archives, or its URL',
    )
    parser.add_argument(
        '--no-extract', action='store_true', help='fetch and verify, do not unpack'
    )
    parser.add_argument(
        '--delete', action='store_true', help='delete each archive once unpacked'
    )
    return parser.parse_args(args)


def run(options: argparse.Namespace) -> None:
    """Prepare the archives that are asked for.

    Raises:
        UsageError: One of them is unknown, or see :func:`prepare`.
        OSError: What has been fetched cannot be read or deleted.
    """
    archives = DATASETS[options.dataset]
    names = [archive.name for archive in archives]
    unknown = set(options.only or ()).difference(names)
    if unknown:
        raise UsageError(
            f'no archive {", ".join(sorted(unknown))}; there are {", ".join(names)}'
        )
    for archive in archives:
        if not options.only or archive.name in options.only:
            prepare(
                archive,
                options.save_dir,
                options.url_base,
                extract=not options.no_extract,
                delete=options.delete,
            )


def main(args: list[str] | None = None) -> None:
    """Run the command; a fault ends it with one line and status 2."""
    options = parse_args(args)
    with report_usage_errors('stopped; the same command goes on where it was'):
        try:
            run(options)
        except UsageError:  # some of these are an OSError, too
            raise
        except OSError as error:
            raise UsageError(f'{error}') from error


if __name__ == '__main__':
    main()
