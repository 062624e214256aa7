"""What changes, as it changes: one stream of events, which says what pages are to be fetched again.

One look at the store a second serves all readers, and none is made while nobody reads. A store that tells when
something was stored, by whichever process, is looked at then, four times a second at most, and not otherwise. An event
names checks with new runs, and whether anything else changed (`StoredChanges`); pages are then fetched with their ETag,
so that one that is the same costs nothing, and one rendering serves all (`rendered_pages`).
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import structlog
from anyio import CapacityLimiter, to_thread
from starlette.responses import PlainTextResponse, StreamingResponse

from outrider.model import StoredChanges, StoreError

if TYPE_CHECKING:
    import threading
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from outrider.model import ChangeBell

log = structlog.get_logger("outrider.pages")

_LOOK_S = 1.0
_SILENT_S = 15.0  # proxies cut what says nothing for a minute
_LASTING_S = 300.0  # a browser comes again by itself
_ADMIT_S = 2.0
_RETRY_MS, _FULL_RETRY_MS = 3_000, 30_000
_STREAMS = 120
EVERYTHING: dict[str, object] = {"everything": True}
"""What a page is told that missed something: to be fetched anew."""


class ChangeReader(Protocol):
    """What knows of changes: `CheckHistory`."""

    def changes_since(self, mark: str) -> StoredChanges:
        """Return what changed since a mark."""
        ...

    def bell(self) -> ChangeBell | None:
        """Return what rings when something changed; None if nothing does."""
        ...


@dataclass(eq=False, slots=True)
class _Reader:
    """A reader of the stream.

    Attributes:
        changes: What it is to be told, in order; None at the end.
    """

    request: Request
    changes: asyncio.Queue[dict[str, object] | None] = field(default_factory=asyncio.Queue)


class EventStream:
    """Tells every reader what changed, as long as they may see it: who signs out hears no more two seconds later.

    Args:
        may_read: Whether whoever sent a request may still be told; asked in a thread, again and again.
        look_s: From one look at it to the next.
        admit_s: After which `may_read` is asked again.
        lasting_s: After which a stream ends, for its browser to come again.
        most: Streams at a time.

    Attributes:
        mark: Of what was looked at last; empty before that.
    """

    def __init__(
        self,
        may_read: Callable[[Request], bool] = lambda _: True,
        *,
        look_s: float = _LOOK_S,
        admit_s: float = _ADMIT_S,
        lasting_s: float = _LASTING_S,
        most: int = _STREAMS,
    ) -> None:
        self._may_read = may_read
        self._look_s = look_s
        self._admit_s = admit_s
        self._admitted_s = 0.0
        self._lasting_s = lasting_s
        self._most = most
        self.mark = ""
        self._readers: set[_Reader] = set()
        self._closing: threading.Event | None = None
        self._looking: asyncio.Task[None] | None = None

    @property
    def reader_count(self) -> int:
        """How many are told."""
        return len(self._readers)

    def answer(self, request: Request) -> Response:
        """Answer with the stream; a browser that comes again, and missed something, is told to fetch everything."""
        if len(self._readers) >= self._most:
            return PlainTextResponse("there are too many live pages; this one renews itself every 30 s\n", 503)
        self._closing = request.scope.get("closing")
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        known = request.headers.get("last-event-id", "")
        return StreamingResponse(self._events(request, known), media_type="text/event-stream", headers=headers)

    async def _events(self, request: Request, known: str) -> AsyncIterator[str]:
        if len(self._readers) >= self._most:  # many came at once, before the first of them was counted
            yield f"retry: {_FULL_RETRY_MS}\n\n"
            return
        reader = _Reader(request)
        self._readers.add(reader)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        loop = asyncio.get_running_loop()
        until_s = loop.time() + self._lasting_s
        try:
            yield f"retry: {_RETRY_MS}\n\n"
            for missed in self._missed(known):
                yield _event(self.mark, missed)
            while (left_s := until_s - loop.time()) > 0:
                try:
                    change = await asyncio.wait_for(reader.changes.get(), min(left_s, _SILENT_S))
                except TimeoutError:
                    yield ": nothing changed\n\n"
                else:
                    if change is None:
                        return
                    yield _event(self.mark, change)
        finally:
            self._readers.discard(reader)

    async def _look(self) -> None:
        """Look at the store again and again while somebody reads."""
        try:
            self.mark = ""
            own = CapacityLimiter(1)  # a thread beside those that make pages
            while self._readers:
                if self._closing is not None and self._closing.is_set():
                    self._tell(self._readers, None)
                    return
                refused, change = await to_thread.run_sync(self._seen, list(self._readers), limiter=own)
                self._tell(refused, None)
                if change is not None:
                    self._tell(self._readers, change)
                await self._pause(own)
        finally:
            self._looking = None
            self._end_looking()

    async def _pause(self, _own: CapacityLimiter) -> None:
        """Wait until it is to be looked again."""
        await asyncio.sleep(self._look_s)

    def _end_looking(self) -> None:
        """Is called when nobody reads any more."""

    def _tell(self, readers: Iterable[_Reader], change: dict[str, object] | None) -> None:
        for reader in readers:
            reader.changes.put_nowait(change)

    def _seen(self, readers: list[_Reader]) -> tuple[list[_Reader], dict[str, object] | None]:
        """Return who may not be told any more, and what changed."""
        return self._refused(readers), self._change()

    def _refused(self, readers: list[_Reader]) -> list[_Reader]:
        """Return who may not be told any more; they are looked at together, and not at every look."""
        now_s = time.monotonic()
        if now_s - self._admitted_s < self._admit_s:
            return []
        self._admitted_s = now_s
        return [reader for reader in readers if not self._may_still_read(reader)]

    def _may_still_read(self, reader: _Reader) -> bool:
        try:
            return self._may_read(reader.request)
        except Exception as error:  # who cannot be recognised hears no more, and the others do
            log.exception("pages.live", error=str(error))
            return False

    def _missed(self, known: str) -> Sequence[dict[str, object]]:
        """Return what a reader is told at once who was told up to a mark; up to nothing if it is empty."""
        return [EVERYTHING] if known and known != self.mark else []

    def _change(self) -> dict[str, object] | None:
        """Return what changed since the last look, as an event's data; called in a thread, never by two at a time."""
        raise NotImplementedError


class LiveStream(EventStream):
    """Tells every reader what changed in the store.

    Args:
        history: Knows what changed since it was last asked.
        may_read: See `EventStream`, as all others.
    """

    def __init__(
        self,
        history: ChangeReader,
        may_read: Callable[[Request], bool] = lambda _: True,
        *,
        look_s: float = _LOOK_S,
        admit_s: float = _ADMIT_S,
        lasting_s: float = _LASTING_S,
        most: int = _STREAMS,
    ) -> None:
        super().__init__(may_read, look_s=look_s, admit_s=admit_s, lasting_s=lasting_s, most=most)
        self._history = history
        self._bell: ChangeBell | None = None
        self._is_silent = False

    async def _pause(self, own: CapacityLimiter) -> None:
        if self._bell is None:
            self._bell = self._history.bell()
        if self._bell is None:
            await super()._pause(own)
            return
        await asyncio.sleep(self._look_s / 4)
        self._is_silent = not await to_thread.run_sync(self._bell.wait, self._look_s * 3 / 4, limiter=own)

    def _end_looking(self) -> None:
        bell, self._bell, self._is_silent = self._bell, None, False
        if bell is not None:
            bell.close()

    def present_mark(self) -> str:
        """Return the mark of what pages have to show: while there are readers, of what these were told to fetch.

        Raises:
            StoreError: If the store has to be asked, and cannot be.
        """
        return self.mark if self._looking is not None and self.mark else self._history.changes_since("").mark

    def _change(self) -> dict[str, object] | None:
        """Return what changed since the last look, as an event's data."""
        if self._is_silent:
            return None
        try:
            changes = self._history.changes_since(self.mark)
        except StoreError as error:
            log.debug("pages.store", why=error.what)
            return None  # a page that is fetched meanwhile says so
        except Exception as error:  # readers stay, and the next look may succeed
            log.exception("pages.live", error=str(error))
            return None
        self.mark = changes.mark
        return None if changes.is_empty else _data(changes)


def _data(changes: StoredChanges) -> dict[str, object]:
    if not changes.are_all:
        return EVERYTHING
    loads: dict[str, object] = {"loads": changes.loads} if changes.loads else {}
    return {"checks": changes.checks, "others": changes.others, **loads}


def _event(mark: str, change: dict[str, object]) -> str:
    return f"id: {mark}\nevent: change\ndata: {json.dumps(change)}\n\n"
