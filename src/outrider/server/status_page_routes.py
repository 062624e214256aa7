"""The public status page over HTTP: one rendering serves everybody, and nothing else of the workspace is near it."""

from __future__ import annotations

import gzip
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from outrider.dashboard import StatusDocument, status_documents, status_page_view
from outrider.model import StoreError
from outrider.server.base_path import base_of
from outrider.server.security_headers import HEADERS, SecurityHeaders

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from outrider.dashboard import StatusPageSources, StatusPageView

log = structlog.get_logger("outrider.status_page")

_KEPT_S = 10.0
_RETRY_S = 10
_ASK_AGAIN_S = 2.0
_LEAST_ZIPPED_BYTES = 1_000
_INDEX = "index.html"
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
STATUS_HEADERS = {**HEADERS, "Content-Security-Policy": _POLICY, "Cross-Origin-Resource-Policy": "cross-origin"}
"""No script at all; badges, feed and JSON may be shown by other sites."""


@dataclass(frozen=True, slots=True)
class _File:
    document: StatusDocument
    etag: str
    zipped: bytes

    @classmethod
    def of(cls, document: StatusDocument) -> _File:
        is_long = len(document.content) >= _LEAST_ZIPPED_BYTES
        return cls(document, document.etag, gzip.compress(document.content, 6, mtime=0) if is_long else b"")


class StatusPage:
    """The files of the page, rendered at most every ten seconds for all readers together.

    While the store cannot be read it shows what was known last, and says so. Any thread may ask.

    Args:
        clock: Seconds on a monotonic clock.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sources: StatusPageSources | None = None
        self._turn = threading.Lock()
        self._view: StatusPageView | None = None
        self._files: Mapping[str, _File] = {}
        self._until_s = float("-inf")
        self._failure: tuple[float, StoreError] | None = None

    def use(self, sources: StatusPageSources | None) -> None:
        """Make it from other sources from now on; from none while the workspace is loaded or there is no such page."""
        changed = None if self._sources is None else self._sources.settings
        if sources is None or changed != sources.settings:
            self._view, self._files = None, {}  # a name that was taken off the page is shown no more
        self._sources, self._until_s = sources, float("-inf")

    @property
    def is_fresh(self) -> bool:
        """Whether its files need not be rendered anew."""
        return bool(self._files) and self._clock() < self._until_s

    def file(self, name: str) -> _File | None:
        """Return a file that was rendered; None if there is none of that name."""
        return self._files.get(name)

    def renew(self) -> None:
        """Render the page unless somebody else does; wait for them only where nothing is known yet.

        Raises:
            StoreError: If the store cannot be read, and nothing is known.
        """
        if not self._turn.acquire(blocking=not self._files):
            return
        try:
            if not self.is_fresh and (sources := self._sources) is not None:
                self._render(sources)
        finally:
            self._turn.release()

    def _render(self, sources: StatusPageSources) -> None:
        if not self._files and self._failure is not None and self._clock() < self._failure[0]:
            raise self._failure[1]
        try:
            view = status_page_view(sources)
        except StoreError as error:
            if self._view is None:
                self._failure = (self._clock() + _ASK_AGAIN_S, error)
                raise
            log.warning("status_page.store", why=error.what)
            view = replace(self._view, is_current=False)
        files = {name: _File.of(document) for name, document in status_documents(view).items()}
        if sources is self._sources:
            self._view, self._files, self._until_s = view, files, self._clock() + _KEPT_S


def status_page_routes(page: StatusPage, path: str = "") -> list[Route]:
    """Return the routes of the page.

    Args:
        page: What is served.
        path: Below which it lies; empty at the root.
    """

    async def answer(request: Request) -> Response:
        if not page.is_fresh:
            try:
                await run_in_threadpool(page.renew)
            except StoreError as error:
                log.warning("status_page.store", why=error.what)
                return _away()
            except Exception as error:  # what is known is shown, and the log says why it is not renewed
                log.exception("status_page.failed", error=str(error))
        return _answer(page, request)

    async def to_slash(request: Request) -> Response:
        return RedirectResponse(f"{base_of(request.scope)}{path}/", 308, STATUS_HEADERS)

    routes = [Route(f"{path}/{{name:path}}", answer, methods=["GET"])]
    return [Route(path, to_slash, methods=["GET"]), *routes] if path else routes


def status_page_application(page: StatusPage) -> Starlette:
    """Return an application that serves the page at its root, and nothing else."""
    return Starlette(routes=status_page_routes(page), middleware=[Middleware(SecurityHeaders, headers=STATUS_HEADERS)])


def _answer(page: StatusPage, request: Request) -> Response:
    index = page.file(_INDEX)
    if index is None:
        return _away()
    file = page.file(request.path_params["name"] or _INDEX)
    if file is None:
        return PlainTextResponse("There is no such page.\n", 404, STATUS_HEADERS)
    headers = {
        **STATUS_HEADERS, "ETag": file.etag, "Cache-Control": f"public, max-age={_KEPT_S:.0f}",
        "Vary": "Accept-Encoding", "Access-Control-Allow-Origin": "*",
    }  # fmt: skip
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if file.etag in known:
        return Response(status_code=304, headers=headers)
    document = file.document
    if file.zipped and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(file.zipped, headers=headers, media_type=document.media_type)
    return Response(document.content, headers=headers, media_type=document.media_type)


def _away() -> Response:
    text = "The status page cannot be shown now. Please try again in a moment.\n"
    return PlainTextResponse(text, 503, {**STATUS_HEADERS, "Retry-After": str(_RETRY_S), "Cache-Control": "no-store"})
