"""Patterns of log records, followed as they come in -> those that are new, or far more frequent than ever before."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import structlog

from outrider.model import Notable, NotablePattern, OutriderError, RecordKind
from outrider.telemetry_store import PatternTree, QueryText, read_notable, replace_file, spoken_parts, write_notable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from outrider.alerts import QueryRule
    from outrider.model import LogPattern, TelemetryReader
    from outrider.telemetry_store import PatternNode

log = structlog.get_logger("outrider.telemetry")

PERIOD_S: Final = 300
LATE_S: Final = 60
LEARNING_S: Final = 86_400
_DAY_S: Final = 86_400
_WEEK_DAYS: Final = 7
_AT_ONCE: Final = 12
_NEWEST: Final = 200_000
_MOST_PATTERNS, _MOST_SERVICES, _MOST_NOTABLE = 200, 200, 1_000
_WARN, _ERROR = 13, 17
_FEWEST_WARNINGS: Final = 3
_QUIET_S: Final = 1_800
_FEWEST_MORE: Final = 50
_TIMES: Final = 10
_REFUSALS: Final = frozenset({"bad-query", "telemetry-limit"})
_LINE_CHARACTERS: Final = 500


@dataclass(slots=True)
class _Known:
    """What is remembered of a pattern.

    Attributes:
        peaks: By day since 1970, the most in five minutes; the last week.
        more_since_s: Since when it explodes; 0 while it does not.
    """

    seen_s: int
    last_s: int
    peaks: dict[str, int] = field(default_factory=dict)
    more_since_s: int = 0

    def usual(self, at_s: int) -> int:
        """Return the most in five minutes of the week before a time."""
        return max((peak for day, peak in self.peaks.items() if int(day) > at_s // _DAY_S - _WEEK_DAYS), default=0)

    def note(self, count: int, at_s: int) -> None:
        """Take a count of five minutes for usual."""
        day = str(at_s // _DAY_S)
        peaks = {**self.peaks, day: max(self.peaks.get(day, 0), count)}
        self.peaks = {day: peak for day, peak in peaks.items() if int(day) > at_s // _DAY_S - _WEEK_DAYS}


@dataclass(slots=True)
class _Service:
    """What is remembered of a service's patterns, by their names."""

    seen_s: int
    tree: PatternTree
    known: dict[str, _Known] = field(default_factory=dict)

    def find(self, text: str, at_s: int) -> PatternNode | None:
        """Return the pattern of a text; None where there is no room for a further one, after a week for those gone."""
        node = self.tree.find(text)
        if node is None:
            lasting = [own for own in self.tree.nodes() if self._last_s(own) > at_s - _WEEK_DAYS * _DAY_S]
            if len(lasting) < self.tree.size:
                self.tree = PatternTree(_MOST_PATTERNS, tuple((own.text, own.first) for own in lasting))
                self.known = {own.first: self.known[own.first] for own in lasting if own.first in self.known}
                node = self.tree.find(text)
        return node

    def _last_s(self, node: PatternNode) -> int:
        known = self.known.get(node.first)
        return known.last_s if known is not None else 0


class PatternWatch:
    """Looks at each five minutes of records once they have settled, and keeps what it learned in a file.

    Nothing is notable in the first day of a service. A release with fifty new lines is fifty notable patterns, and one
    value of a rule.

    Args:
        reader: Of the telemetry.
        memory: The file of what was learned; without one, the last day is learned.
        notable: The file of what is notable.
        waits_since: When the oldest of what was taken and cannot be asked for yet came in, seconds since 1970.
        clock: Seconds since 1970.

    Attributes:
        until_s: Until when records were looked at, seconds since 1970.
    """

    def __init__(
        self,
        reader: TelemetryReader,
        memory: Path,
        notable: Path,
        *,
        waits_since: Callable[[], float] = lambda: float("inf"),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._reader = reader
        self._memory = memory
        self._notable_file = notable
        self._waits_since = waits_since
        self._clock = clock
        self.until_s, self._services = _read_memory(memory)
        self._notable = {_key(row): row for row in read_notable(notable)}

    def look(self) -> bool:
        """Look at twelve periods at most of what has settled; return whether more is left.

        Raises:
            TelemetryError: If the telemetry cannot be asked.
        """
        settled_s = int(min(self._clock(), self._waits_since()) - LATE_S) // PERIOD_S * PERIOD_S
        begin_s = max(self.until_s, settled_s - _DAY_S)
        if settled_s <= begin_s:
            return False
        periods = self._periods(begin_s, settled_s)
        for at_s in periods[:_AT_ONCE]:
            self._learn(self._patterns(at_s), at_s)
        self.until_s = end_s = periods[_AT_ONCE] if len(periods) > _AT_ONCE else settled_s
        latest = sorted(self._notable.values(), key=lambda row: -row.until_s)[:_MOST_NOTABLE]
        self._notable = {_key(row): row for row in latest if row.until_s > end_s - _DAY_S}
        write_notable(self._notable_file, self._notable.values())
        replace_file(self._memory, _written(self.until_s, self._services))
        return end_s < settled_s

    def counts(self, rule: QueryRule, begin_s: int, end_s: int) -> dict[int, float]:
        """Return how many patterns were notable in each period of a rule, of those with records that its query finds.

        A new one counts for half an hour after it was last seen. Those that count name the rule from then on.
        """
        quiet_s = _QUIET_S if rule.pattern is Notable.NEW else 0
        own = [
            row for row in self._notable.values()
            if row.why is rule.pattern and row.since_s < end_s and row.until_s + quiet_s > begin_s
        ]  # fmt: skip
        lines = {_key(row): line for row in own if (line := self._line(row, rule.query)) is not None}
        own = [row for row in own if _key(row) in lines]
        if unnamed := [row for row in own if rule.name not in row.rules]:
            for row in unnamed:
                self._notable[_key(row)] = replace(row, rules=(*row.rules, rule.name), example=lines[_key(row)])
            write_notable(self._notable_file, self._notable.values())
        return {
            at_s: float(sum(row.since_s < at_s + rule.every_s and row.until_s + quiet_s > at_s for row in own))
            for at_s in range(begin_s, end_s, rule.every_s)
        }

    def _line(self, row: NotablePattern, query: str) -> str | None:
        """Return what a record of a pattern says that a query finds; None if it finds none."""
        both = QueryText(f"({query}) {row.query}" if query else row.query).during(
            _moment(row.since_s), _moment(row.until_s)
        )
        records = self._reader.search_logs(both, limit=1).rows
        return records[0].body.partition("\n")[0][:_LINE_CHARACTERS] if records else None

    def _periods(self, begin_s: int, end_s: int) -> list[int]:
        """Return the periods that are to be looked at: of several, those that have records."""
        if end_s - begin_s == PERIOD_S:
            return [begin_s]
        query = f"since:{_moment(begin_s)} until:{_moment(end_s)}"
        counts = self._reader.measure(RecordKind.LOGS, query, every_s=PERIOD_S)
        return [int(at_s) for at_s, _ in counts.rows if isinstance(at_s, int | float)]

    def _patterns(self, at_s: int) -> tuple[LogPattern, ...]:
        query = f"since:{_moment(at_s)} until:{_moment(at_s + PERIOD_S)}"
        try:
            return self._reader.log_patterns(query, newest=_NEWEST).rows
        except OutriderError as error:
            if error.slug not in _REFUSALS:
                raise
            log.warning("patterns of five minutes are left out", reason=error.what)
            return ()

    def _learn(self, rows: Iterable[LogPattern], at_s: int) -> None:
        counts: dict[tuple[str, str], tuple[LogPattern, PatternNode]] = {}
        for row in rows:
            service = self._service(row.service, at_s)
            node = service.find(row.text, at_s) if service is not None else None
            if node is not None:
                before = counts.get((row.service, node.first))
                counts[row.service, node.first] = (_sum(before[0], row) if before else row, node)
        for row, node in counts.values():
            self._look_at(self._services[row.service], row, node, at_s)

    def _service(self, name: str, at_s: int) -> _Service | None:
        if name not in self._services and len(self._services) < _MOST_SERVICES:
            self._services[name] = _Service(at_s, PatternTree(_MOST_PATTERNS))
        return self._services.get(name)

    def _look_at(self, service: _Service, row: LogPattern, node: PatternNode, at_s: int) -> None:
        known = service.known.setdefault(node.first, _Known(at_s, at_s))
        if at_s - known.last_s > PERIOD_S:
            known.more_since_s = 0
        known.last_s = at_s
        usual = known.usual(at_s)
        if at_s - known.seen_s < _DAY_S:
            if known.seen_s - service.seen_s >= LEARNING_S and _is_worth_telling(row):
                self._tell(row, node, Notable.NEW, at_s, since_s=known.seen_s)
        elif row.count >= max(_FEWEST_MORE, _TIMES * usual):
            known.more_since_s = known.more_since_s or at_s
            self._tell(row, node, Notable.EXPLODING, at_s, since_s=known.more_since_s, usual=usual)
            if at_s - known.more_since_s < _DAY_S:
                return  # what explodes is not what is usual, until it has lasted for a day
        known.more_since_s = 0
        known.note(row.count, at_s)

    def _tell(
        self, row: LogPattern, node: PatternNode, why: Notable, at_s: int, *, since_s: int, usual: int = 0
    ) -> None:
        query = QueryText(QueryText("").also("service", row.service)).saying(spoken_parts(node.text))
        pattern = NotablePattern(
            row.service, node.first, node.text, query, why, row.severity_number, row.count, usual, since_s,
            at_s + PERIOD_S,
        )  # fmt: skip
        before = self._notable.get(_key(pattern))
        if before is not None:
            pattern = replace(pattern, rules=before.rules, example=before.example)
        self._notable[_key(pattern)] = pattern


def _is_worth_telling(row: LogPattern) -> bool:
    least = 1 if row.severity_number >= _ERROR else _FEWEST_WARNINGS
    return row.severity_number >= _WARN and row.count >= least


def _sum(known: LogPattern, row: LogPattern) -> LogPattern:
    worst = max(known.severity_number, row.severity_number)
    return replace(known, count=known.count + row.count, severity_number=worst)


def _key(row: NotablePattern) -> tuple[str, str]:
    return row.service, row.name


def _moment(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _read_memory(path: Path) -> tuple[int, dict[str, _Service]]:
    """Return until when was looked, and what was learned; nothing where the file is missing or damaged."""
    try:
        memory = json.loads(path.read_text(encoding="utf-8"))
        return int(memory["until_s"]), {name: _read_service(own) for name, own in memory["services"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return 0, {}


def _read_service(own: dict[str, Any]) -> _Service:
    rows = own["patterns"]
    tree = PatternTree(_MOST_PATTERNS, tuple((row["text"], row["name"]) for row in rows))
    known = {row["name"]: _Known(row["seen_s"], row["last_s"], row["peaks"], row["more_since_s"]) for row in rows}
    return _Service(own["seen_s"], tree, known)


def _written(until_s: int, services: dict[str, _Service]) -> dict[str, Any]:
    written = {name: {"seen_s": service.seen_s, "patterns": [*_rows(service)]} for name, service in services.items()}
    return {"until_s": until_s, "services": written}


def _rows(service: _Service) -> Iterator[dict[str, Any]]:
    for node in service.tree.nodes():
        if node.first in service.known:
            yield {"text": node.text, "name": node.first, **asdict(service.known[node.first])}
