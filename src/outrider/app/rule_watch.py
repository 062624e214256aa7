"""Rules over queries -> their values, a measure for each period, which the scheduler judges."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import structlog

from outrider.model import RULE_VALUE, AggregateSample, OutriderError, RecordKind
from outrider.telemetry_store import QueryText

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from outrider.alerts import QueryRule
    from outrider.app.pattern_watch import PatternWatch
    from outrider.model import AggregateLog, TelemetryReader

log = structlog.get_logger("outrider.telemetry")

LATE_S: Final = 30
"""How long after its end a period is measured: senders collect what they send."""

_HISTORY_S: Final = 14 * 86_400
_AT_ONCE_S: Final = 86_400
_MOST_PERIODS: Final = 1440
_US: Final = 10**6


class RuleWatch:
    """Stores the measure of each period of each rule, and says how far it came in a file; twice changes nothing.

    Time in which nothing was taken, since Outrider did not run, is left out: absence would be its own. What a new rule
    with a baseline finds in the last two weeks is measured first.

    Args:
        reader: Of the telemetry.
        aggregates: Where values are stored.
        environment: Which the traffic is of.
        mark: A file that says until when each rule is measured.
        rules: Those that hold now.
        taken: Whether a kind of record is taken at present.
        patterns: What knows which patterns of log records are notable; None where nothing follows them.
        waits_since: When the oldest of what was taken and cannot be asked for yet came in, seconds since 1970.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        reader: TelemetryReader,
        aggregates: AggregateLog,
        environment: str,
        mark: Path,
        *,
        rules: Callable[[], Sequence[QueryRule]],
        taken: Callable[[RecordKind], bool] = lambda _: True,
        patterns: Callable[[], PatternWatch | None] = lambda: None,
        waits_since: Callable[[], float] = lambda: float("inf"),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._reader = reader
        self._aggregates = aggregates
        self._environment = environment
        self._mark = mark
        self._rules = rules
        self._taken = taken
        self._patterns = patterns
        self._waits_since = waits_since
        self._clock = clock
        self._began_s = clock()
        self._until = _read(mark)
        self._with_records = set(self._until)
        self._underway: set[str] = set()
        self._refused: dict[str, str] = {}

    def look(self) -> bool:
        """Measure what has settled, of each rule a day at most; return whether more is left.

        Raises:
            TelemetryUnavailable: If the telemetry is away.
            StoreError: If the store cannot be written.
        """
        now_s = min(self._clock(), self._waits_since()) - LATE_S
        samples: list[AggregateSample] = []
        until, is_left = dict(self._until), False
        rules = [rule for rule in self._rules() if self._taken(rule.kind)]
        for rule in rules:
            settled_s = now_s if rule.pattern is None else min(now_s, self._patterns_until_s())
            begin_s, last_s = self._begin_s(rule), int(settled_s) // rule.every_s * rule.every_s
            end_s = min(last_s, begin_s + max(1, min(_AT_ONCE_S // rule.every_s, _MOST_PERIODS)) * rule.every_s)
            if end_s > begin_s:
                samples += self._measured(rule, begin_s, end_s)
                until[_key(rule)] = end_s
                self._underway.add(_key(rule))
                is_left = is_left or end_s < last_s
        if until == self._until:
            return False
        self._aggregates.record(samples)
        kept = {_key(rule) for rule in self._rules()}
        self._until = {key: at_s for key, at_s in until.items() if key in kept}
        _write(self._mark, self._until)
        return is_left

    def _begin_s(self, rule: QueryRule) -> int:
        known_s = self._until.get(_key(rule))
        if known_s is None and rule.baseline is not None:
            begin_s = self._began_s - _HISTORY_S
        elif known_s is not None and _key(rule) in self._underway:
            begin_s = known_s
        else:
            begin_s = max(known_s or 0, self._began_s)
        return -(-int(begin_s) // rule.every_s) * rule.every_s

    def _patterns_until_s(self) -> float:
        watch = self._patterns()
        return watch.until_s if watch is not None else 0.0

    def _values(self, rule: QueryRule, begin_s: int, end_s: int) -> Mapping[int, object]:
        watch = self._patterns()
        if rule.pattern is not None:
            return watch.counts(rule, begin_s, end_s) if watch is not None else {}
        query = QueryText(rule.query).during(_moment(begin_s), _moment(end_s))
        table = self._reader.measure(rule.kind, query, measure=rule.measure, every_s=rule.every_s)
        return {int(row[0] or 0): row[-1] for row in table.rows}

    def _measured(self, rule: QueryRule, begin_s: int, end_s: int) -> list[AggregateSample]:
        try:
            values = self._values(rule, begin_s, end_s)
        except OutriderError as error:
            if error.slug not in _REFUSALS:
                raise
            if self._refused.get(rule.name) != error.what:
                log.warning("a rule cannot be measured", rule=rule.name, reason=error.what)
            self._refused[rule.name] = error.what
            return []
        self._refused.pop(rule.name, None)
        is_known = rule.baseline is None or _key(rule) in self._with_records
        first_s = begin_s if is_known else min(values, default=end_s)  # before it, nobody knows what was taken
        if values:
            self._with_records.add(_key(rule))
        samples = []
        for at_s in range(begin_s, end_s, rule.every_s):
            value = values.get(at_s)
            if not isinstance(value, int | float):
                value = rule.of_nothing if at_s >= first_s else None
            if value is not None:
                samples.append(
                    AggregateSample(rule.subject, "", RULE_VALUE, self._environment, "", at_s * _US, float(value))
                )
        return samples


_REFUSALS: Final = frozenset({"bad-query", "telemetry-limit"})
"""What is wrong with a rule alone; others are measured all the same."""


def _key(rule: QueryRule) -> str:
    """Return what names the values of a rule: another question is measured anew."""
    return f"{rule.name}|{rule.kind}|{rule.query}|{rule.measure}|{rule.every_s}"


def _moment(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _read(mark: Path) -> Mapping[str, int]:
    try:
        return {str(key): int(at_s) for key, at_s in json.loads(mark.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _write(mark: Path, until: Mapping[str, int]) -> None:
    mark.parent.mkdir(parents=True, exist_ok=True)
    fresh = mark.with_suffix(".new")
    fresh.write_text(json.dumps(until), encoding="utf-8")
    fresh.replace(mark)
