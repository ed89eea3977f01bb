"""Serving the page: where it listens, and what it refuses before Gradio sees it."""

import math
import socket
from pathlib import Path
from urllib.parse import urlsplit

import gradio as gr
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from mmscanet.errors import UsageError

from .page import EvidencePage
from .pictures import MEGA

LOOPBACK = ('127.0.0.1', 'localhost')
UPLOAD_PATH = '/gradio_api/upload'
# Gradio's recorder of the screen, which the page does not use, keeps what it is sent.
RECORDER_PATH = '/gradio_api/process_recording'


def require_free_port(host: str, port: int) -> None:
    """Prove, before the model is loaded, that the page can listen.

    Raises:
        UsageError: It cannot.
    """
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        reason = error.strerror.partition(' (')[0]  # what follows names them again
        raise UsageError(
            f'cannot listen on {host}, port {port}: {reason}; '
            'choose another --port or --host'
        ) from error


def serve(page: EvidencePage, host: str, port: int) -> None:
    """Serve the page until Ctrl-C.

    Raises:
        UsageError: The port has been taken in the meantime.
    """
    limits = page.limits
    max_bytes = math.ceil(limits.megabytes * MEGA)
    guard = Middleware(
        RequestGuard,
        upload_bytes=max_bytes * limits.pictures + MEGA,
        only_local=host in LOOPBACK,
    )
    blocks = page.build()
    try:
        blocks.launch(
            server_name=host,
            server_port=port,
            share=False,
            inbrowser=False,
            quiet=True,
            prevent_thread_lock=True,
            show_error=True,
            max_file_size=max_bytes,
            max_threads=8,
            state_session_capacity=100,
            app_kwargs=dict(middleware=[guard]),
            ssr_mode=False,
            mcp_server=False,
            pwa=False,
            run_history=False,
            enable_monitoring=False,
            footer_links=[],
            # Fonts that each system has: none are fetched from anywhere.
            theme=gr.themes.Default(
                font=[gr.themes.Font('system-ui'), gr.themes.Font('sans-serif')],
                font_mono=[gr.themes.Font('monospace')],
            ),
            css_paths=Path(__file__).with_name('style.css'),
        )
    except OSError as error:
        raise UsageError(f'cannot listen on {host}, port {port}: {error}') from error
    print(f'serving on http://{host}:{port} (Ctrl-C stops)', flush=True)
    blocks.block_thread()


class RequestGuard:
    """ASGI middleware: refuses strangers, and bodies too large or of unknown size.

    Gradio limits each file of an upload, but neither their number nor other bodies.

    Args:
        app: What answers all other requests.
        upload_bytes: The largest body of an upload; any other has 1 MB at most.
        only_local: Answer only requests to a name of this machine, and none that the
            page of another site makes. A browser on this machine would else let any
            site that it visits reach the page.
    """

    def __init__(self, app: ASGIApp, upload_bytes: int, only_local: bool) -> None:
        self.app = app
        self.upload_bytes = upload_bytes
        self.only_local = only_local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with an error line, or let the request through."""
        refusal = self._refusal(scope) if scope['type'] == 'http' else None
        await (refusal or self.app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        path, headers = scope['path'].rstrip('/'), dict(scope['headers'])
        if self.only_local and not _is_local(headers):
            return PlainTextResponse('This page is for its own machine only.', 403)
        length = headers.get(b'content-length', b'0')
        if path == RECORDER_PATH:
            return PlainTextResponse('Not found.', 404)
        if b'transfer-encoding' in headers or not length.isdigit():
            return PlainTextResponse('The size of the body must be given.', 411)
        if int(length) > (self.upload_bytes if path == UPLOAD_PATH else MEGA):
            return PlainTextResponse('The request is too large.', 413)
        return None


def _is_local(headers: dict[bytes, bytes]) -> bool:
    """Tell whether a request names this machine and comes from no other site."""
    host = headers.get(b'host', b'').decode('latin-1')
    origin = headers.get(b'origin', b'').decode('latin-1')
    try:
        local = urlsplit(f'//{host}').hostname in LOOPBACK
    except ValueError:  # no name of a host
        return False
    return local and origin in ('', f'http://{host}', f'https://{host}')
