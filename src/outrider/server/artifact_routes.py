"""The application of the second origin: artifacts under signed addresses, the trace viewer, the player of replays."""

from __future__ import annotations

import gzip
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from outrider.model import StoreError, UsageError
from outrider.server.byte_ranges import ByteRange, UnsatisfiableRange, asked_range
from outrider.server.host_check import HostCheck
from outrider.server.refusal import problem
from outrider.server.replay_player_routes import replay_player_routes
from outrider.server.security_headers import UNKEPT, SecurityHeaders
from outrider.server.signed_address import AddressSigner, ExpiredAddress
from outrider.server.trace_viewer_routes import trace_viewer_routes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO

    from starlette.requests import Request

    from outrider.model import ArtifactStore
    from outrider.server.artifact_origin import ArtifactOrigin
    from outrider.server.signed_address import SignedFile

log = structlog.get_logger("outrider.artifacts")

_CHUNK_BYTES = 256 * 1024
_KEPT_S = 3600
_NOTHING = "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
POLICIES = {
    "image": f"{_NOTHING}; img-src 'self'; style-src 'unsafe-inline'",
    "video": f"{_NOTHING}; media-src 'self'; style-src 'unsafe-inline'",
}
"""Content-Security-Policy by the first part of a media type: what the browser's own page around a picture needs."""
HEADERS = {
    "Content-Security-Policy": _NOTHING,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def artifact_application(origin: ArtifactOrigin, now_us: Callable[[], int], hosts: Sequence[str] = ()) -> Starlette:
    """Return the application of the second origin; it asks for no cookie and sets none.

    Args:
        origin: What it serves, and whose key signs addresses.
        now_us: The time, microseconds UTC.
        hosts: Names of this server besides those of its machine.
    """
    files = ArtifactFiles(origin.artifacts, AddressSigner(origin.key), now_us)
    routes = [
        Route("/file/{token}", files.answer, methods=["GET"]),
        *trace_viewer_routes(origin.viewer),
        *replay_player_routes(),
        Route("/{rest:path}", _nothing),
    ]
    middleware = [
        Middleware(SecurityHeaders, headers=HEADERS),
        Middleware(HostCheck, hosts=(*hosts, *origin.hosts), is_open=False),
    ]
    return Starlette(routes=routes, middleware=middleware, exception_handlers={Exception: _failure})


class ArtifactFiles:
    """Answers with files.

    Args:
        artifacts: Where they lie.
        signer: Reads their addresses.
        now_us: The time, microseconds UTC.
    """

    def __init__(self, artifacts: ArtifactStore, signer: AddressSigner, now_us: Callable[[], int]) -> None:
        self._artifacts = artifacts
        self._signer = signer
        self._now_us = now_us

    def answer(self, request: Request) -> Response:
        """Answer with the file that a signed address names, or with a part of it."""
        try:
            file = self._signer.read(request.path_params["token"], self._now_us() // 1_000_000)
        except ExpiredAddress as error:
            return problem(403, "the address has expired", error.slug, str(error))
        except UsageError as error:
            return problem(403, "the address is not valid", error.slug, str(error))
        headers = _headers(file)
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        try:
            content = self._artifacts.open(file.digest)
        except StoreError as error:  # its text names a path of this machine, which a reader of files need not know
            log.warning("artifacts.unread", why=error.what)
            if error.slug == "artifact-missing":
                return problem(404, "the file is gone", error.slug, "retention may have removed it")
            return problem(503, "the file cannot be read now", error.slug, "try again in a moment")
        return _streamed(request, file, content, headers)


def _headers(file: SignedFile) -> dict[str, str]:
    main = file.media_type.partition("/")[0]
    disposition = "inline" if file.is_shown else "attachment"
    name = file.name.removesuffix(".gz") if file.is_packed else file.name
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-._") else "_" for letter in name)
    return {
        "Content-Type": file.media_type,
        "Content-Disposition": f"{disposition}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": POLICIES.get(main, _NOTHING),
        "Cross-Origin-Resource-Policy": "cross-origin" if main in POLICIES else "same-origin",
        "Cache-Control": f"private, max-age={_KEPT_S}, immutable",
        "ETag": f'"{file.digest[:24]}"',
    }


def _streamed(request: Request, file: SignedFile, content: BinaryIO, headers: dict[str, str]) -> Response:
    if file.is_packed:
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
        else:
            content = _unpacked(content)
        return _Streamed(content, None, 200, headers | {"Vary": "Accept-Encoding"})
    size = content.seek(0, 2)
    headers["Accept-Ranges"] = "bytes"
    asked = request.headers.get("range", "")
    if request.headers.get("if-range", headers["ETag"]) != headers["ETag"]:
        asked = ""
    try:
        part = asked_range(asked, size)
    except UnsatisfiableRange:
        content.close()
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    if part is None:
        return _Streamed(content, ByteRange(0, size), 200, headers)
    headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{size}"
    return _Streamed(content, part, 206, headers)


class _Streamed(StreamingResponse):
    """A file in pieces, closed when the last one is sent or the client is gone."""

    def __init__(self, content: BinaryIO, part: ByteRange | None, status: int, headers: dict[str, str]) -> None:
        if part is not None:
            headers = headers | {"Content-Length": str(part.bytes)}
        super().__init__(_pieces(content, part), status, headers)
        self._content = content

    async def __call__(self, *arguments: object) -> None:
        try:
            await super().__call__(*arguments)  # type: ignore[arg-type]  # scope, receive and send as they came
        finally:
            await run_in_threadpool(self._content.close)


def _pieces(content: BinaryIO, part: ByteRange | None) -> Iterator[bytes]:
    if part is None:
        yield from iter(partial(content.read, _CHUNK_BYTES), b"")
        return
    content.seek(part.start)
    left = part.bytes
    while left and (piece := content.read(min(left, _CHUNK_BYTES))):
        left -= len(piece)
        yield piece


def _unpacked(content: BinaryIO) -> BinaryIO:
    return gzip.GzipFile(fileobj=content)  # type: ignore[return-value]  # it reads and closes as one


def _failure(_: Request, error: Exception) -> Response:
    log.error("artifacts.failed", error=f"{type(error).__name__}: {error}")
    answer = problem(500, "this cannot be answered", "broken-answer", "the log of Outrider says why")
    answer.headers.update({**HEADERS, **UNKEPT})  # no middleware adds them
    return answer


def _nothing(_: Request) -> Response:
    detail = "this origin serves artifacts only; pages are at the other address of this server"
    return problem(404, "there is no such file", "unknown-address", detail)
