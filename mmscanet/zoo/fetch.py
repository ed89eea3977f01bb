"""Fetch a file of known size, in as many goes as it takes."""

import re
import sys
import time
from http.client import HTTPException, HTTPResponse, InvalidURL
from pathlib import Path
from ssl import SSLCertVerificationError
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from tqdm import tqdm

from mmscanet.errors import UsageError, explain_failed_output

TIMEOUT_S = 30
# Further tries, counted anew whenever more has arrived; the pause doubles each time.
RETRIES = 3
PAUSE_S = 1.0
_CHUNK = 1 << 16
# Of the client errors, these two pass: "took too long", "too many requests".
_PASSING_STATUS = (408, 429)


def tell(text: str) -> None:
    """Print a line on stderr, above a progress bar."""
    tqdm.write(text, file=sys.stderr)


def size_of(path: Path) -> int:
    """Return the bytes of a file, 0 if there is none."""
    return path.stat().st_size if path.exists() else 0


def fetch(url: str, part: Path, size: int, progress: bool = True) -> None:
    """Fetch ``url`` into ``part`` until that has ``size`` bytes.

    What ``part`` has is not fetched again, wherever it came from: the caller has to
    check the content. A broken connection is taken up again.

    Args:
        url: http, https, file or what else ``urllib`` opens.
        part: The file to fill; it is kept when this fails.
        size: Bytes of the whole.
        progress: Show a progress bar on stderr, if that is a terminal.

    Raises:
        UsageError: The source cannot be reached or has another size, or ``part`` cannot
            be written; the message says what remains of it.
    """
    failures, most = 0, size_of(part)  # most: bytes that have lain there so far
    while size_of(part) != size:
        try:
            _fetch_rest(url, part, size, progress)
        except UsageError:  # some of these are an OSError, too
            raise
        except (OSError, HTTPException, ValueError) as error:
            failures = 1 if size_of(part) > most else failures + 1
            most = max(most, size_of(part))
            if failures > RETRIES or _is_final(error, url):
                raise UsageError(
                    f'cannot fetch {url}: {_reason(error)}{_what_is_kept(part, size)}'
                ) from error
            pause = PAUSE_S * 2 ** (failures - 1)
            tell(f'{_reason(error)}; try {failures} of {RETRIES} in {pause:.0f} s')
            time.sleep(pause)


def _fetch_rest(url: str, part: Path, size: int, progress: bool) -> None:
    """Ask once for what ``part`` lacks, and append what comes.

    Raises:
        UsageError: The source has another size, or ``part`` cannot be written.
        OSError: What else failed; so do ``HTTPException`` and ``ValueError``.
    """
    have = size_of(part)
    if have > size:
        part.unlink()
        have = 0
    request = Request(url, headers={'Range': f'bytes={have}-'} if have else {})
    try:
        response = urlopen(request, timeout=TIMEOUT_S)
    except HTTPError as error:
        if error.code == 416 and have:
            part.unlink()
            raise ConnectionError('the source has less than had arrived') from error
        raise
    with response:
        start, total = _extent(response)
        if start not in (0, have):
            part.unlink()
            raise ConnectionError('the server sent another part than it was asked for')
        if total not in (None, size):
            raise UsageError(f'{url} has {total:,} bytes, not the {size:,} announced')
        _append(response, part, start, size, progress)
        if response.read(1):
            part.unlink()
            raise UsageError(f'{url} has more than the {size:,} bytes announced')
    if size_of(part) < size:
        raise ConnectionError(
            f'the connection ended at byte {size_of(part):,} of {size:,}'
        )


def _extent(response: HTTPResponse) -> tuple[int, int | None]:
    """Return the first byte of an answer's body, and of how many, if that is said."""
    # A server that ignores the range answers 200, and `file:` has no status: from 0 on.
    if response.status == 206:
        given = response.headers.get('Content-Range', '')
        match = re.fullmatch(r'bytes (\d+)-\d+/(\d+|\*)', given)
        if match is None:
            raise ConnectionError(f'the server answered with the range "{given}"')
        return int(match[1]), None if match[2] == '*' else int(match[2])
    length = response.headers.get('Content-Length')
    return 0, None if length is None else int(length)


def _append(
    response: HTTPResponse, part: Path, start: int, size: int, progress: bool
) -> None:
    """Write the body into ``part`` from byte ``start`` to at most ``size``."""
    bar = tqdm(
        desc=part.stem,
        initial=start,
        total=size,
        unit='B',
        unit_scale=True,
        disable=None if progress else True,  # None: unless stderr is a terminal
    )
    # Unbuffered, so that a full disk is met in `write` and not when the file is closed.
    with explain_failed_output(part):
        file = part.open('ab' if start else 'wb', buffering=0)
    with bar, file:
        while chunk := response.read(min(_CHUNK, size - file.tell())):
            rest = memoryview(chunk)
            with explain_failed_output(part):
                while rest:
                    rest = rest[file.write(rest) :]
            bar.update(len(chunk))


def _is_final(error: Exception, url: str) -> bool:
    """Whether the next try would fail in the same way."""
    if isinstance(error, HTTPError):
        return error.code < 500 and error.code not in _PASSING_STATUS
    reason = error.reason if isinstance(error, URLError) else error
    # A plain word is urllib's own refusal, such as "unknown url type".
    final = (str, ValueError, InvalidURL, SSLCertVerificationError)
    return url.startswith('file:') or isinstance(reason, final)


def _reason(error: Exception) -> str:
    """Return the cause without urllib's wrapping."""
    if isinstance(error, HTTPError):
        return f'the server answered {error.code} ({error.reason})'
    reason = error.reason if isinstance(error, URLError) else error
    return getattr(reason, 'strerror', None) or str(reason) or type(reason).__name__


def _what_is_kept(part: Path, size: int) -> str:
    have = size_of(part)
    if not have:
        return ''
    return f'; the same command goes on from byte {have:,} of {size:,}'
