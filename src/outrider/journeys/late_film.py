"""A film of the end of an attempt that is about to run out of time.

Filming costs a third of a journey's time, so an attempt that measures is not filmed. One that is still under way
shortly before its time is up will most likely need it: what its pages show is filmed from then on. Playwright's call is
handed to the event loop that the test waits in, from a thread: the test itself is blocked.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from playwright import async_api, sync_api

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    Calls = Generator[Any, None, None]


class LateFilm:
    """Films the pages that are open when an attempt is late.

    Args:
        folder: Where the films go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pages: list[Any] = []
        self._films: dict[Any, Path] = {}
        self._timer: threading.Timer | None = None

    def schedule(self, after_s: float) -> None:
        """Begin to film after so many seconds; never if that is zero."""
        if after_s > 0:
            self._timer = threading.Timer(after_s, self._begin)
            self._timer.daemon = True
            self._timer.start()

    def cancel(self) -> None:
        """Do not begin any more."""
        if self._timer is not None:
            self._timer.cancel()

    def opened(self, page: Any) -> None:
        """Remember a page that the test has opened."""
        self._pages.append(page)

    def ended(self, context: object) -> Generator[Any, None, list[str]]:
        """End the films of a context that is about to close, and return where they lie."""
        films = [(page, path) for page, path in list(self._films.items()) if page.context is context]
        kept = []
        for page, path in films:
            del self._films[page]
            with suppress(sync_api.Error, async_api.Error, OSError):
                yield page.screencast.stop()
                kept.append(str(path))
        return kept

    def _begin(self) -> None:
        self._folder.mkdir(exist_ok=True)
        for page in [page for page in list(self._pages) if hasattr(page, "screencast")]:  # Playwright 1.59
            path = self._folder / f"late-{len(self._films) + 1}.webm"
            with suppress(Exception):  # a page that has closed, or a loop that has ended
                page._impl_obj._loop.call_soon_threadsafe(self._film, page, path)

    def _film(self, page: Any, path: Path) -> None:
        """Start a film; in the thread and the event loop of the test."""
        if not page.is_closed():
            self._films[page] = path
            task = asyncio.ensure_future(page._impl_obj.screencast.start(None, str(path), None, None, None))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
