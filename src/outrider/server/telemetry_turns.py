"""How many queries of telemetry pages and the API ask at a time, so that none keeps other pages from being answered."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from outrider.model import TelemetryUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.dashboard import Sources
    from outrider.model import ServiceReader, TelemetryReader
    from outrider.real_users import RealUserReader

AT_ONCE: Final = 6
_PATIENCE_S: Final = 5.0
_turns = threading.BoundedSemaphore(AT_ONCE)


@contextmanager
def asked_services(sources: Sources) -> Iterator[ServiceReader]:
    """Hand out what answers about services as soon as a turn is free; raises what `asked_telemetry` does."""
    with asked_telemetry(sources):
        yield sources.telemetry.services()


@contextmanager
def asked_real_users(sources: Sources) -> Iterator[RealUserReader]:
    """Hand out what answers about page views as soon as a turn is free; raises what `asked_telemetry` does."""
    with asked_telemetry(sources):
        yield sources.telemetry.real_users()


@contextmanager
def asked_telemetry(sources: Sources) -> Iterator[TelemetryReader]:
    """Hand out the telemetry as soon as a turn is free.

    Raises:
        TelemetryUnavailable: telemetry-busy, telemetry-unreachable.
        OutriderError: If it is off or cannot be opened.
    """
    reader = sources.telemetry.reader()
    if not _turns.acquire(timeout=_PATIENCE_S):
        fix = "ask again in a moment, or for less: a shorter time, a service"
        raise TelemetryUnavailable("too many queries of telemetry are under way", slug="telemetry-busy", fix=fix)
    try:
        yield reader
    finally:
        _turns.release()
