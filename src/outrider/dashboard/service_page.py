"""How the service does: checks, receivers, the store, the host; as a page, and as the API answers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.dashboard.api_values import instant
from outrider.dashboard.overview_page import service_line
from outrider.dashboard.page_templates import render
from outrider.dashboard.period_slots import DAY_US
from outrider.model import ReceiverState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.sources import Sources
    from outrider.model import HostState, ServiceView, StoreSize

_RECEIVER_DAYS = 30


@dataclass(frozen=True, slots=True)
class ReceiverItem:
    """What became of a receiver's notifications within thirty days; `note` is why the last failing one failed."""

    name: str
    waiting: int
    delivered: int
    undelivered: int
    suppressed: int
    last_delivered: str | None
    waiting_since: str | None
    note: str


@dataclass(frozen=True, slots=True)
class FreedItem:
    """What retention frees within a time, files at most."""

    within_s: float
    runs: int
    files: int
    file_bytes: int


@dataclass(frozen=True, slots=True)
class StoreItem:
    """How much the store held at a time; `free_bytes` of the database are used again, and runs are about so many."""

    at: str | None
    database_bytes: int
    free_bytes: int
    runs: int
    oldest_run: str | None
    files: int
    file_bytes: int
    freed: tuple[FreedItem, ...]


@dataclass(frozen=True, slots=True)
class HostItem:
    """How busy the host is; null for what the system does not tell."""

    name: str
    processors: int
    load_1m: float | None
    memory_available_bytes: int | None
    disk_free_bytes: int | None
    disk_bytes: int | None


@dataclass(frozen=True, slots=True)
class ServiceBody:
    """How the service does; `store` is null until it is counted, which the first request begins.

    `lags` has how many runs began within so many seconds after they were due, and not within the bound before; the
    key "later" has the others.
    """

    is_ready: bool
    leads: bool
    running: int
    waiting: int
    unjudged: int
    problems: dict[str, str]
    findings: tuple[str, ...]
    lags: dict[str, int]
    events: dict[str, int]
    receivers: tuple[ReceiverItem, ...]
    store: StoreItem | None
    host: HostItem | None


def receiver_states(sources: Sources) -> tuple[ReceiverState, ...]:
    """Return every receiver of the workspace or the outbox, those with trouble first, then by name."""
    since_us = sources.now_us() - _RECEIVER_DAYS * DAY_US
    known = {state.receiver: state for state in sources.store.outbox.receivers(since_us)}
    names = sources.alerts.receivers if sources.alerts else ()
    states = {**{name: ReceiverState(name) for name in names}, **known}
    return tuple(sorted(states.values(), key=lambda state: (not state.undelivered, state.receiver)))


def service_page(sources: Sources, context: PageContext) -> str:
    """Return how the service does as a page."""
    service = sources.service()
    values = {
        "service": service, "service_line": service_line(service), "lags": _lags(service),
        "receivers": receiver_states(sources), "store": sources.store_size(), "host": sources.host(),
        "tone": _receiver_tone, "megabytes": _megabytes, "receiver_days": _RECEIVER_DAYS,
    }  # fmt: skip
    return render("service.html", context, values)


def api_service(sources: Sources) -> ServiceBody:
    """Return how the service does for the API."""
    service, host, size = sources.service(), sources.host(), sources.store_size()
    return ServiceBody(
        service.is_ready, service.leads, service.running, service.waiting, service.unjudged, dict(service.problems),
        tuple(service.findings), _lag_counts(service), dict(service.events),
        tuple(map(_receiver_item, receiver_states(sources))), _store_item(size) if size else None,
        _host_item(host) if host else None,
    )  # fmt: skip


def _receiver_item(state: ReceiverState) -> ReceiverItem:
    return ReceiverItem(
        state.receiver, state.waiting, state.delivered, state.undelivered, state.suppressed,
        instant(state.delivered_us), instant(state.waiting_since_us), state.note,
    )  # fmt: skip


def _store_item(size: StoreSize) -> StoreItem:
    freed = tuple(FreedItem(part.within_s, part.runs, part.files, part.file_bytes) for part in size.freed)
    return StoreItem(
        instant(size.at_us), size.database_bytes, size.free_bytes, size.runs, instant(size.oldest_us), size.files,
        size.file_bytes, freed,
    )  # fmt: skip


def _host_item(host: HostState) -> HostItem:
    return HostItem(
        host.name, host.processors, host.load_1m, host.memory_available_bytes, host.disk_free_bytes, host.disk_bytes
    )


def _receiver_tone(state: ReceiverState) -> tuple[str, str]:
    """Return how a receiver does, in a word and a colour."""
    if state.undelivered:
        return f"{state.undelivered:,} not delivered", "bad"
    if state.waiting:
        return f"{state.waiting:,} waiting", "warn" if state.note else "gap"
    return ("delivers", "good") if state.delivered else ("nothing sent", "gap")


def _megabytes(size: int | None) -> str:
    """Return a size: "12.5 MB", "3.2 GB"; a dash where it is not known."""
    if size is None:
        return "\u2013"
    value = size / 1e6
    for unit in ("MB", "GB"):
        if value < 1_000:
            return f"{value:.1f} {unit}"
        value /= 1_000
    return f"{value:.1f} TB"


def _lag_counts(service: ServiceView) -> dict[str, int]:
    return {"later" if bound is None else f"{bound:g}": count for bound, count in service.lags}


def _lags(service: ServiceView) -> Mapping[str, int]:
    """Return how many runs began in which span of time after they were due; each run counts once."""
    least, counts = None, {}
    for bound, count in service.lags:
        if bound is None:
            span = "later" if least is None else f"after more than {least:g} s"
        else:
            span = f"within {bound:g} s" if least is None else f"after {least:g} to {bound:g} s"
        if count:
            counts[span] = count
        least = bound
    return counts
