"""Page views that wait in the spool -> the telemetry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from outrider.model import OutriderError, TelemetryError, TelemetryUnavailable
from outrider.real_users import PageView
from outrider.telemetry.spool import whole_lines
from outrider.telemetry.spool_digestion import SpoolDigestion

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from outrider.telemetry.limits import Tally
    from outrider.telemetry.spool import Spool

log = structlog.get_logger("outrider.real_users")

_EVERY_S: Final = 1.0
_BATCH: Final = 20_000


class PageViewInserts(Protocol):
    """Takes page views; see the port of telemetry for what a token is."""

    def insert_page_views(self, views: Sequence[PageView], *, token: str) -> None:
        """Insert views; those that are told of again replace what was told before."""
        ...


class PageViewDigestion(SpoolDigestion):
    """Inserts segments; one that cannot be read, or is refused for good, is put aside.

    Args:
        opened: Returns where page views are kept; raises an `OutriderError` while it cannot be reached.
    """

    def __init__(self, spool: Spool, opened: Callable[[], PageViewInserts], tally: Tally) -> None:
        super().__init__(spool, "page-view", every_s=_EVERY_S)
        self._opened = opened
        self._tally = tally

    def store(self, segment: Path) -> None:
        """Insert a segment, batch by batch, or put it aside."""
        try:
            store = self._opened()
        except OutriderError as error:  # off, or not installed: it may be on later, and nothing is thrown away for it
            raise TelemetryUnavailable(error.what, slug=error.slug, fix=error.fix) from None
        try:
            views = _views(segment)
            for number in range(0, len(views), _BATCH):
                store.insert_page_views(views[number : number + _BATCH], token=f"{segment.stem}-{number}")
        except TelemetryUnavailable:
            raise
        except (TelemetryError, ValueError, TypeError, LookupError) as error:
            self._tally.add("segments of page views put aside")
            log.error("a segment of page views was put aside", segment=segment.name, reason=str(error))  # noqa: TRY400
            self._spool.put_aside(segment)
            return
        self._tally.add("page views stored", len(views))
        self._spool.forget(segment)


def _views(segment: Path) -> list[PageView]:
    # Those of an older version have fewer fields.
    return [PageView(*json.loads(line)) for line in whole_lines(segment)]
