"""Log records as they come in: one search a second for each query, whoever watches it."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Final

import structlog

from outrider.dashboard import ReaderClock, record_key, record_rows
from outrider.model import OutriderError, UsageError
from outrider.server.base_path import base_of
from outrider.server.live_stream import EVERYTHING, EventStream
from outrider.server.refusal import refusal
from outrider.server.telemetry_turns import asked_telemetry
from outrider.telemetry_store import QueryError, QueryText

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from outrider.dashboard import Sources

log = structlog.get_logger("outrider.pages")

MOST_QUERIES: Final = 20
"""That are watched at a time."""

_MOST_RECORDS: Final = 200
_MOST_RECENT: Final = 30
_LATE_NS: Final = 10 * 10**9
"""What comes in later than this after it was logged is not shown."""


class LogTail(EventStream):
    """Tells everybody who watches a query of the records that come in, each record once.

    Args:
        sources: Reach the telemetry.
        query: What is watched.
        base: Path below which pages lie.
        may_read: See `EventStream`.
        look_s: From one search to the next.
    """

    def __init__(
        self,
        sources: Sources,
        query: str,
        base: str,
        may_read: Callable[[Request], bool],
        *,
        look_s: float = 1.0,
    ) -> None:
        super().__init__(may_read, look_s=look_s)
        self._sources = sources
        self._query = query
        self._base = base
        self._sent_keys: frozenset[str] = frozenset()
        self._problem = ""
        self._recent: deque[tuple[int, dict[str, object]]] = deque(maxlen=_MOST_RECENT)
        self._number = 0
        self.searches = 0

    def _missed(self, known: str) -> list[dict[str, object]]:
        recent = list(self._recent)
        if not known:  # a page that was made a moment ago; it knows which records it has
            return [change for _, change in recent]
        missed = [change for number, change in recent if number > int(known)] if known.isdecimal() else []
        has_gap = not known.isdecimal() or int(known) + 1 < (recent[0][0] if recent else self._number + 1)
        return [EVERYTHING] if has_gap or int(known) > self._number else missed

    def _change(self) -> dict[str, object] | None:
        change = self._looked()
        if change is not None:
            self._number += 1
            self._recent.append((self._number, change))
        self.mark = str(self._number)
        return change

    def _looked(self) -> dict[str, object] | None:
        try:
            return self._arrived()
        except OutriderError as error:
            is_new, self._problem = error.what != self._problem, error.what
            return {"problem": error.what} if is_new else None
        except Exception as error:  # watchers stay, and the next search may succeed
            log.exception("pages.tail", error=str(error))
            return None

    def _arrived(self) -> dict[str, object] | None:
        """Return rows of records that were not told yet."""
        now_ns = self._sources.now_us() * 1000
        with asked_telemetry(self._sources) as reader:
            matches = reader.search_logs(self._query, limit=_MOST_RECORDS, after_ns=now_ns - _LATE_NS)
        self.searches += 1
        keys = {record_key(record): record for record in matches.rows}
        arrived = [record for key, record in keys.items() if key not in self._sent_keys]
        self._sent_keys = frozenset(keys)
        had_problem, self._problem = bool(self._problem), ""
        if not arrived:
            return {"rows": "", "skips": False} if had_problem else None
        clock = ReaderClock(self._sources.service().timezone, self._sources.now_us())
        rows = record_rows(arrived, QueryText(self._query), clock, self._base)
        return {"rows": rows, "skips": not matches.is_complete}


class LogTails:
    """The queries that are watched.

    Args:
        sources: Reach the telemetry.
        may_read: See `EventStream`.
    """

    def __init__(self, sources: Sources, may_read: Callable[[Request], bool]) -> None:
        self._sources = sources
        self._may_read = may_read
        self._lock = threading.Lock()
        self._tails: dict[tuple[str, str], LogTail] = {}

    def answer(self, request: Request) -> Response:
        """Answer with the stream of a query."""
        text = request.query_params.get("q", "")
        try:
            QueryText(text)
            self._sources.telemetry.reader()
        except QueryError as error:
            return refusal(request, 400, "the query cannot be understood", slug=error.slug, detail=error.what)
        except UsageError as error:
            return refusal(request, 404, "there is no telemetry to show", slug=error.slug, detail=str(error))
        except OutriderError as error:
            return refusal(request, 503, "telemetry cannot be read now", slug=error.slug, detail=str(error))
        tail = self._tail(text, base_of(request.scope))
        if tail is None:
            detail = f"{MOST_QUERIES} are watched already; close a page that watches another one."
            return refusal(request, 503, "too many queries are watched", slug="telemetry-busy", detail=detail)
        return tail.answer(request)

    def _tail(self, text: str, base: str) -> LogTail | None:
        """Return the tail of a query, the same for all who watch it; None if there are too many."""
        with self._lock:
            self._tails = {key: tail for key, tail in self._tails.items() if tail.reader_count or key == (text, base)}
            if len(self._tails) >= MOST_QUERIES and (text, base) not in self._tails:
                return None
            return self._tails.setdefault((text, base), LogTail(self._sources, text, base, self._may_read))
