"""Pages that were rendered a moment ago: one rendering serves every viewer who asks for the same."""

from __future__ import annotations

import gzip
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from starlette.requests import Request

_KEPT_S = 2.0
_KEPT = 64
_LEAST_ZIPPED_BYTES = 2_000
_LEVEL = 5


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """A page as it is sent."""

    content: bytes
    zipped: bytes
    etag: str

    def answer(self, request: Request) -> Response:
        """Answer with the page, or with 304 where the browser has the same."""
        headers = {"ETag": self.etag, "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding, Cookie"}
        known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
        if self.etag in known:
            return Response(status_code=304, headers=headers)
        if self.zipped and "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(self.zipped, headers=headers, media_type="text/html")
        return Response(self.content, headers=headers, media_type="text/html")


@dataclass(frozen=True, slots=True)
class _Rendering:
    """A page, when it was begun, and the mark of the store then."""

    began_s: float
    mark: str
    page: RenderedPage


class RenderedPages:
    """Remembers the pages of the last two seconds, while nothing in the store changes.

    Whoever asks while a page is made waits, and takes one that was begun after they asked, whatever changed since.

    Args:
        mark: Returns that of the store: a page of another mark is made anew.
        clock: Seconds on a monotonic clock.
    """

    def __init__(self, mark: Callable[[], str], clock: Callable[[], float] = time.monotonic) -> None:
        self._mark = mark
        self._clock = clock
        self._lock = threading.Lock()
        self._turns = [threading.Lock() for _ in range(_KEPT)]
        self._pages: OrderedDict[Hashable, _Rendering] = OrderedDict()

    def read(self, key: Hashable, make: Callable[[], str]) -> RenderedPage:
        """Return a page.

        Args:
            key: What tells it from others: its address, and who may see it.
            make: Makes its HTML.
        """
        asked_s = self._clock()
        with self._turns[hash(key) % len(self._turns)]:
            with self._lock:
                known = self._pages.get(key)
            if known is not None and known.began_s >= asked_s:
                return known.page
            began_s, present = self._clock(), self._mark()
            if known is not None and known.mark == present and began_s - known.began_s < _KEPT_S:
                return known.page
            rendering = _Rendering(began_s, present, _rendered(make()))
            with self._lock:
                self._pages[key] = rendering
                self._pages.move_to_end(key)
                while len(self._pages) > _KEPT:
                    self._pages.popitem(last=False)
        return rendering.page


def _rendered(text: str) -> RenderedPage:
    content = text.encode()
    zipped = gzip.compress(content, _LEVEL, mtime=0) if len(content) >= _LEAST_ZIPPED_BYTES else b""
    return RenderedPage(content, zipped, f'"{sha256(content).hexdigest()[:24]}"')
