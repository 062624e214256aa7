"""The requests of a run with their phases, and what kept main threads meanwhile, read from its HAR 1.2. Pure."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

MOST_REQUESTS = 200
MOST_BYTES = 20_000_000
_PHASES = ("blocked", "dns", "connect", "ssl", "send", "wait", "receive")
_TEXT_CHARACTERS = 500
_MAIN_THREAD = "_mainThread"
_MOST_TASKS = 1_000


@dataclass(frozen=True, slots=True)
class WireRequest:
    """A request; times in ms, `start_ms` from the first one on.

    Attributes:
        began_ms: Wall clock, milliseconds since 1970.
        status: HTTP status; zero or below if there was no answer.
        phases: Those that the browser measured, by name; `ssl` is a part of `connect`.
    """

    method: str
    url: str
    status: int
    start_ms: float
    duration_ms: float
    bytes: int
    phases: tuple[tuple[str, float], ...]
    failure: str = ""
    began_ms: float = 0.0
    resource_type: str = ""

    @property
    def is_failed(self) -> bool:
        """Whether it had no answer, or one that says that it failed."""
        return self.status <= 0 or self.status >= 400


@dataclass(frozen=True, slots=True)
class MainThreadTask:
    """What kept the main thread of a page.

    Attributes:
        kind: "script", "layout", or "task" for what is neither, or not told apart.
        url: Of the script, without its query; empty if unknown.
        began_ms: Wall clock, milliseconds since 1970.
    """

    kind: str
    url: str
    began_ms: float
    duration_ms: float


def main_thread_tasks(content: bytes) -> tuple[MainThreadTask, ...]:
    """Return what a HAR of ours tells of main threads; nothing of another one."""
    tasks = []
    with suppress(ValueError, LookupError, TypeError, AttributeError, RecursionError):
        for kind, url, began_ms, duration_ms in json.loads(content[:MOST_BYTES])[_MAIN_THREAD][:_MOST_TASKS]:
            if math.isfinite(began_ms) and 0 < duration_ms < math.inf:
                tasks.append(MainThreadTask(str(kind), str(url), float(began_ms), float(duration_ms)))
    return tuple(tasks)


def wire_requests(content: bytes, *, most: int = MOST_REQUESTS) -> tuple[tuple[WireRequest, ...], int]:
    """Return the first requests of a HAR, in the order in which they began, and how many more there are.

    Damaged content has none.
    """
    try:
        entries = json.loads(content[:MOST_BYTES])["log"]["entries"]
        timed = sorted(((_start_ms(entry), index) for index, entry in enumerate(entries)))
        chosen = timed[:most]
        first_ms = chosen[0][0] if chosen else 0.0
        requests = tuple(_request(entries[index], at_ms, first_ms) for at_ms, index in chosen)
        return requests, len(timed) - len(chosen)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return (), 0


def _start_ms(entry: dict[str, Any]) -> float:
    return datetime.fromisoformat(entry["startedDateTime"]).timestamp() * 1000


def _request(entry: dict[str, Any], at_ms: float, first_ms: float) -> WireRequest:
    request, response = entry["request"], entry.get("response", {})
    timings = entry.get("timings") or {}
    measured = {name: float(timings.get(name) or -1) for name in _PHASES}
    is_encrypted = str(request["url"]).startswith(("https:", "wss:"))
    measured["ssl"] = min(measured["ssl"], measured["connect"]) if is_encrypted else -1.0  # Playwright writes it always
    return WireRequest(
        method=str(request["method"])[:20],
        url=str(request["url"])[:_TEXT_CHARACTERS],
        status=int(response.get("status", -1)),
        start_ms=at_ms - first_ms,
        duration_ms=max(0.0, float(entry.get("time") or 0.0)),
        bytes=max(0, int(response.get("_transferSize") or 0)),
        phases=tuple((name, took_ms) for name, took_ms in measured.items() if took_ms > 0),
        failure=str(response.get("_failureText") or "")[:_TEXT_CHARACTERS],
        began_ms=at_ms,
        resource_type=str(entry.get("_resourceType") or "")[:20],
    )
