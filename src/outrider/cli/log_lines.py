"""The log of the service: a line an event, of JSON or coloured for a terminal; a flood of one cause is cut short."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog

from outrider.app.access.reader_gate import gated

if TYPE_CHECKING:
    from collections.abc import Callable

    from structlog.typing import EventDict, WrappedLogger

_CAUSE = ("event", "logger", "template", "subject", "check", "location", "step", "receiver", "path")
_LIMITED = {"warning", "error", "critical", "exception"}
_MOST_CAUSES = 1_000


class RateLimit:
    """Drops warnings and errors of one cause beyond some a minute; the next that passes counts those left out.

    Args:
        most: Lines of one cause in each `window_s`.
        window_s: Seconds.
        clock: Monotonic seconds.
    """

    def __init__(self, most: int = 10, window_s: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._window_s = window_s
        self._clock = clock
        self._lock = threading.Lock()
        self._causes: OrderedDict[tuple[object, ...], tuple[float, int]] = OrderedDict()  # since when, how many

    def __call__(self, _: WrappedLogger, level: str, event: EventDict) -> EventDict:
        """Return the event, or drop it."""
        if level not in _LIMITED:
            return event
        cause = tuple(str(event.get(key, "")) for key in _CAUSE)
        now_s = self._clock()
        with self._lock:
            since_s, count = self._causes.pop(cause, (now_s, 0))
            left_out = 0
            if now_s - since_s >= self._window_s:
                since_s, count, left_out = now_s, 0, max(0, count - self._most)
            self._causes[cause] = since_s, count + 1
            if len(self._causes) > _MOST_CAUSES:
                self._causes.popitem(last=False)
        if count >= self._most:
            raise structlog.DropEvent
        return {**event, "left_out": left_out} if left_out else event


def log_as_lines() -> None:
    """Write events of Outrider, and warnings of libraries, to stderr."""
    renderer = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            RateLimit(),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact_event,
            renderer,
        ],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),  # a line in one piece: processes share it
    )
    logging.basicConfig(handlers=[_LibraryLog(logging.WARNING)])


def redact_event(_: WrappedLogger, _level: str, event: EventDict) -> EventDict:
    """Return an event without secrets and printable, in keys and in values of any type."""
    return {gated(name): _redacted(value) for name, value in event.items()}


def _redacted(value: object) -> object:
    if isinstance(value, bool | int | float | None):
        return value
    if isinstance(value, Mapping):
        return {gated(str(name)): _redacted(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(entry) for entry in value]
    if isinstance(value, bytes):
        return gated(value.decode(errors="replace"))
    return gated(value if isinstance(value, str) else repr(value))


class _LibraryLog(logging.Handler):
    """Passes on what libraries log, so that it has the same form and limits."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record of the standard library's logging."""
        level = "error" if record.levelno >= logging.ERROR else "warning"
        texts = {"logger": record.name, "template": str(record.msg), "text": record.getMessage()}
        getattr(structlog.get_logger("outrider.libraries"), level)("library", **texts, exc_info=record.exc_info)
