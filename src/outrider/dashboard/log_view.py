"""Log records that a query finds, with their histogram and facets, as pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from outrider.dashboard.attribute_tree import TreeNode, attribute_tree, cut
from outrider.dashboard.page_addresses import (
    host_path,
    logs_path,
    surrounding_logs_path,
    trace_path,
    write_row_position,
)
from outrider.dashboard.query_view import FacetView, FilterChip, facet_views, filter_chips
from outrider.dashboard.session_links import session_links
from outrider.model import RecordKind
from outrider.telemetry_store import QueryText

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from outrider.dashboard.outside_links import OutsideLink
    from outrider.model import LogRecord, MeasuredTable, RowPosition, TelemetryReader

USUAL_ROWS: Final = 50
LEVELS: Final = ("unknown", "trace", "debug", "info", "warn", "error", "fatal")
TONES: Final = {"unknown": "gap", "trace": "gap", "debug": "gap", "info": "blue", "warn": "warn", "error": "bad",
                "fatal": "bad"}  # fmt: skip
_STACK: Final = ("fatal", "error", "warn", "info", "debug", "trace", "unknown")
_BODY_CHARACTERS: Final = 8_000
_LINE_CHARACTERS: Final = 400
_MOST_ATTRIBUTES: Final = 60
_LONGEST_VALUE: Final = 200
_MOST_SLOTS: Final = 60
_WEEK_S: Final = 604_800
_SLOTS_S: Final = (1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400, _WEEK_S)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class AttributeView:
    """An attribute of a record, and where its value leads as a filter."""

    name: str
    tree: TreeNode
    only: str = ""
    excluded: str = ""

    @property
    def page(self) -> str:
        """The page of what the value names; empty where it has none."""
        return host_path(self.tree.text) if self.name == "host.name" and self.tree.text else ""


@dataclass(frozen=True, slots=True)
class RecordView:
    """A log record.

    Attributes:
        key: Tells it from the others of a page.
        line: The beginning of what it says.
        tone: Colour of its level.
        resource: Attributes of what sent it.
        left_out: How many attributes are not listed.
        surrounding: Path of what its service said before and after it.
        trace: Path of its trace; empty without one.
        elsewhere: Sessions and events of other tools that its attributes name.
    """

    key: str
    time_ns: int
    level: str
    tone: str
    service: str
    line: str
    body: str
    attributes: tuple[AttributeView, ...]
    resource: tuple[AttributeView, ...]
    left_out: int
    surrounding: str
    trace: str
    span_id: str
    scope: str
    event: str
    elsewhere: tuple[OutsideLink, ...]


@dataclass(frozen=True, slots=True)
class LevelSlot:
    """How many records of each level fell into a time, the worst level first."""

    since_ns: int
    until_ns: int
    counts: tuple[tuple[str, int], ...]
    path: str


@dataclass(frozen=True, slots=True)
class LogView:
    """What a query finds.

    Attributes:
        following: Path of earlier records; empty at the end.
        sampled: Of how many of the newest records facets count; 0 for all.
    """

    query: QueryText
    records: tuple[RecordView, ...]
    since_ns: int
    until_ns: int
    total: int
    slots: tuple[LevelSlot, ...]
    facets: tuple[FacetView, ...]
    filters: tuple[FilterChip, ...]
    following: str
    sampled: int


def log_view(
    reader: TelemetryReader, text: str, *, before: RowPosition | None = None, limit: int = USUAL_ROWS
) -> LogView:
    """Return what a query finds.

    Raises:
        QueryError: If it cannot be understood.
        TelemetryError: If the telemetry cannot be read.
    """
    query = QueryText(text)
    matches = reader.search_logs(text, limit=limit, before=before)
    every_s = slot_s(matches.since_ns, matches.until_ns)
    measured = reader.measure(RecordKind.LOGS, text, by=("level",), every_s=every_s)
    slots = _slots(measured, query, every_s, matches.since_ns, matches.until_ns)
    total = sum(count for slot in slots for _, count in slot.counts)
    time_ns = (matches.since_ns, matches.until_ns)
    facets, sampled = facet_views(reader, RecordKind.LOGS, query, time_ns=time_ns, total=total, address=logs_path)
    following = logs_path(text, before=write_row_position(matches.following)) if matches.following else ""
    return LogView(
        query, record_views(matches.rows, query), matches.since_ns, matches.until_ns, total, slots, facets,
        filter_chips(query, logs_path), following, sampled,
    )  # fmt: skip


def record_views(records: Iterable[LogRecord], query: QueryText) -> tuple[RecordView, ...]:
    """Return records as pages show them; filters are added to a query."""
    return tuple(_record(record, query) for record in records)


def level_of(record: LogRecord) -> str:
    """Return the name of a record's level, of OpenTelemetry's numbers."""
    return LEVELS[min((max(record.severity_number, 0) + 3) // 4, 6)]


def record_key(record: LogRecord) -> str:
    """Return what tells a record from others of a page."""
    identity = (record.time_ns, record.service, record.body, record.trace_id, record.span_id)
    return sha256(repr(identity).encode("utf-8", "replace")).hexdigest()[:16]


def slot_s(since_ns: int, until_ns: int) -> int:
    """Return the length of slots that divides a time into sixty at most."""
    least = (until_ns - since_ns) / 1e9 / _MOST_SLOTS
    fitting = next((seconds for seconds in _SLOTS_S if seconds >= least), 0)
    return fitting or -(-int(least) // _WEEK_S) * _WEEK_S + _WEEK_S


def _record(record: LogRecord, query: QueryText) -> RecordView:
    level = level_of(record)
    attributes, resource = _attributes(record.attributes, query), _attributes(record.resource, query)
    left_out = len(record.attributes) + len(record.resource) - len(attributes) - len(resource)
    scope = f"{record.scope_name} {record.scope_version}".strip()
    return RecordView(
        record_key(record), record.time_ns, level, TONES[level], record.service, record.body[:_LINE_CHARACTERS],
        cut(record.body, _BODY_CHARACTERS), attributes, resource, left_out,
        surrounding_logs_path(record.service, record.time_ns), trace_path(record.trace_id) if record.trace_id else "",
        record.span_id, scope, record.event_name, session_links(record.attributes.values()),
    )  # fmt: skip


def _attributes(attributes: Mapping[str, str], query: QueryText) -> tuple[AttributeView, ...]:
    shown = sorted(attributes.items())[:_MOST_ATTRIBUTES]
    return tuple(AttributeView(name, attribute_tree(value), *_filters(name, value, query)) for name, value in shown)


def _filters(name: str, value: str, query: QueryText) -> tuple[str, str]:
    """Return paths of a query narrowed to a value, and of one without it; empty where no query can name it."""
    narrowed = query.also(name, value) if 0 < len(value) <= _LONGEST_VALUE else ""
    return (logs_path(narrowed), logs_path(query.also(name, value, excluded=True))) if narrowed else ("", "")


def _slots(
    measured: MeasuredTable, query: QueryText, every_s: int, since_ns: int, until_ns: int
) -> tuple[LevelSlot, ...]:
    counts: dict[int, dict[str, int]] = {}
    for time, level, count in measured.rows:
        counts.setdefault(int(time or 0), {})[str(level)] = int(count or 0)
    first, last = since_ns // 10**9 // every_s * every_s, (until_ns - 1) // 10**9 // every_s * every_s
    return tuple(_slot(begin, every_s, counts.get(begin, {}), query) for begin in range(first, last + 1, every_s))


def _slot(begin_s: int, every_s: int, counts: Mapping[str, int], query: QueryText) -> LevelSlot:
    end_s = begin_s + every_s
    path = logs_path(query.during(instant_text(begin_s), instant_text(end_s)))
    ordered = tuple((level, counts[level]) for level in _STACK if counts.get(level))
    return LevelSlot(begin_s * 10**9, end_s * 10**9, ordered, path)


def instant_text(at_s: float) -> str:
    """Return a time as a query writes it, UTC."""
    return f"{_EPOCH + timedelta(seconds=at_s):%Y-%m-%dT%H:%M:%S}"
