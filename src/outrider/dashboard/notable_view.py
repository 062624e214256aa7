"""Patterns of log records that are new or explode, as pages and the API show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from outrider.dashboard.api_values import instant
from outrider.dashboard.log_view import LEVELS, TONES
from outrider.dashboard.page_addresses import logs_path
from outrider.model import Notable, RecordKind

if TYPE_CHECKING:
    from collections.abc import Collection

    from outrider.alerts import Incident
    from outrider.dashboard.sources import Sources
    from outrider.model import NotablePattern, TelemetryReader

_SHOWN: Final = 20
_SECOND_US: Final = 1_000_000
_BEFORE_US: Final = 3_600 * _SECOND_US
_SERVICE: Final = "service:"
_RULE: Final = "rule:"


@dataclass(frozen=True, slots=True)
class NotableView:
    """A notable pattern: what is notable of it, the worst level, and the path of a query that finds its records.

    `example` is a line of it; empty where none is known, or it says the same.
    """

    why: str
    service: str
    text: str
    example: str
    frequency: str
    level: str
    tone: str
    since_us: int
    path: str


@dataclass(frozen=True, slots=True)
class NotableItem:
    """A notable pattern; `usual` is the most in five minutes of the week before, `count` that of the last five."""

    service: str
    why: str
    pattern: str
    query: str
    level: str
    severity_number: int
    count: int
    usual: int
    since: str | None
    until: str | None


@dataclass(frozen=True, slots=True)
class NotableBody:
    """Patterns of log records that are new or explode, or did within a day; the latest first."""

    patterns: tuple[NotableItem, ...]


def notable_views(sources: Sources, services: Collection[str] | None = None) -> tuple[NotableView, ...]:
    """Return the notable patterns of some services, or of all; twenty at most, the latest first."""
    rows = (row for row in sources.telemetry.notable() if services is None or row.service in services)
    return tuple(map(_view, rows))[:_SHOWN]


def found_patterns(sources: Sources, reader: TelemetryReader, text: str) -> tuple[NotableView, ...]:
    """Return the notable patterns with records that a query finds; twenty at most, the latest first.

    Raises:
        QueryError: If it cannot be understood.
        TelemetryError: If the telemetry cannot be read.
    """
    from outrider.telemetry_store import QueryText  # noqa: PLC0415  dear, and only this list needs it

    query, rows = QueryText(text), sources.telemetry.notable()
    if rows and query.filters:
        services = {row[0] for row in reader.measure(RecordKind.LOGS, text, by=("service",)).rows}
        rows = [row for row in rows if row.service in services][:_SHOWN]
    if any(part.key != "service" for part in query.filters):
        rows = [row for row in rows if _finds(reader, query.narrowed(row.query))]
    return tuple(map(_view, rows))[:_SHOWN]


def _finds(reader: TelemetryReader, query: str) -> bool:
    return any(row[-1] for row in reader.measure(RecordKind.LOGS, query).rows)


def incident_patterns(sources: Sources, incident: Incident) -> tuple[NotableView, ...]:
    """Return the notable patterns of the services or rules of an incident, from an hour before it until its end."""
    services, rules = (
        {check.removeprefix(kind) for check in incident.checks if check.startswith(kind)} for kind in (_SERVICE, _RULE)
    )
    end_us = incident.ended_us or sources.now_us()
    rows = (
        row for row in (sources.telemetry.notable() if services or rules else ())
        if (row.service in services or rules.intersection(row.rules))
        and row.until_s * _SECOND_US > incident.began_us - _BEFORE_US and row.since_s * _SECOND_US < end_us
    )  # fmt: skip
    return tuple(map(_view, rows))[:_SHOWN]


def api_notable(sources: Sources, service: str) -> NotableBody:
    """Return notable patterns, of one service where it is named."""
    rows = (row for row in sources.telemetry.notable() if not service or row.service == service)
    return NotableBody(tuple(map(_item, rows)))


def _level(row: NotablePattern) -> str:
    return LEVELS[min((max(row.severity_number, 0) + 3) // 4, 6)]


def _view(row: NotablePattern) -> NotableView:
    level = _level(row)
    frequency = f"{row.count:,} in 5 min" + (
        f", at most {row.usual:,} in the week before" if row.why is Notable.EXPLODING else ""
    )
    return NotableView(
        row.why.value, row.service, row.text, "" if row.example == row.text else row.example, frequency,
        level, TONES[level], row.since_s * _SECOND_US,
        logs_path(f"{row.query} since:1d"),
    )  # fmt: skip


def _item(row: NotablePattern) -> NotableItem:
    return NotableItem(
        row.service, row.why.value, row.text, row.query, _level(row), row.severity_number, row.count, row.usual,
        instant(row.since_s * _SECOND_US), instant(row.until_s * _SECOND_US),
    )  # fmt: skip
