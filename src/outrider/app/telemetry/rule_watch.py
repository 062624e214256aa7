"""Rules over queries -> their values, a measure for each period, which the scheduler judges."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import structlog

from outrider.model import OTHER_VALUES, RULE_VALUE, RULE_VALUE_KEPT_S, AggregateSample, OutriderError, RecordKind
from outrider.telemetry_store import QueryText

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from outrider.alerts import QueryRule
    from outrider.app.telemetry.pattern_watch import PatternWatch
    from outrider.model import TelemetryReader

    Record = Callable[[Sequence[AggregateSample]], object]

log = structlog.get_logger("outrider.telemetry")

LATE_S: Final = 30
"""How long after its end a period is measured: senders collect what they send."""

_HISTORY_S: Final = 14 * 86_400
_HOUR_S: Final = 3_600
_AT_ONCE_S: Final = 86_400
_MOST_PERIODS: Final = 1440
MOST_VALUES: Final = 50
_MOST_CHARACTERS: Final = 200
_US: Final = 10**6


class RuleProgress(ABC):
    """Stores the measure of each period of each rule, and says how far it came in a file; twice changes nothing.

    Time in which nothing was taken, since Outrider did not run, is left out: absence would be its own. What a new rule
    with a baseline finds in the last two weeks is measured first.

    Args:
        record: Stores values.
        environment: Which the traffic is of.
        mark: A file that says until when each rule is measured.
        rules: Those that hold now.
        clock: Seconds since 1970.
        began_s: Since when values may be measured; None for now.
    """

    def __init__(
        self,
        record: Record,
        environment: str,
        mark: Path,
        *,
        rules: Callable[[], Sequence[QueryRule]],
        clock: Callable[[], float] = time.time,
        began_s: float | None = None,
    ) -> None:
        self._record = record
        self._environment = environment
        self._mark = mark
        self._rules = rules
        self._clock = clock
        self._began_s = clock() if began_s is None else began_s
        self._until, self._seen = _read(mark)
        self._with_records = set(self._until)
        self._underway: set[str] = set()

    @abstractmethod
    def _settled_s(self, rule: QueryRule, /) -> float:
        """Return until when a rule may be measured, seconds since 1970."""

    @abstractmethod
    def _values(self, rule: QueryRule, begin_s: int, end_s: int) -> Values | None:
        """Return the measures of a time; None where they are not known, so that they are asked for again."""

    def look(self) -> bool:
        """Measure what has settled, of each rule a day at most; return whether more is left.

        Raises:
            TelemetryUnavailable: If the telemetry is away.
            StoreError: If the store cannot be written.
        """
        seen = {key: dict(own) for key, own in self._seen.items()}
        try:
            return self._look()
        except OutriderError:
            self._seen = seen  # the same values are new when it is measured again
            raise

    def _look(self) -> bool:
        samples: list[AggregateSample] = []
        until, is_left = dict(self._until), False
        for rule in self._rules():
            begin_s, last_s = self._begin_s(rule), int(self._settled_s(rule)) // rule.every_s * rule.every_s
            end_s = min(last_s, begin_s + max(1, min(_AT_ONCE_S // rule.every_s, _MOST_PERIODS)) * rule.every_s)
            if end_s > begin_s and (values := self._values(rule, begin_s, end_s)) is not None:
                for value in values:
                    samples += self._samples(rule, value, values[value], begin_s, end_s)
                until[_key(rule)] = end_s
                self._underway.add(_key(rule))
                is_left = is_left or end_s < last_s
        if until == self._until:
            return False
        self._record(samples)
        kept = {_key(rule) for rule in self._rules()}
        self._until = {key: at_s for key, at_s in until.items() if key in kept}
        self._seen = {key: seen for key, seen in self._seen.items() if key in kept}
        _write(self._mark, self._until, self._seen)
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

    def _kept(self, rule: QueryRule, begin_s: int) -> Sequence[str]:
        """Return the values that have a place: those that had records within a day. Others are let go."""
        seen = self._seen.get(_key(rule), {})
        kept = {value: last_s for value, last_s in seen.items() if last_s > begin_s - RULE_VALUE_KEPT_S}
        self._seen[_key(rule)] = kept
        return list(kept)

    def _samples(
        self, rule: QueryRule, value: str, measures: Mapping[int, object], begin_s: int, end_s: int
    ) -> Iterator[AggregateSample]:
        """Yield the measure of each period, of those without records between the first and the last that count."""
        seen = self._seen.setdefault(_key(rule), {}) if rule.tells_apart else {}
        known = _key(rule) in self._with_records or rule.baseline is None
        is_known = value in seen if rule.tells_apart else known
        first_s = begin_s if is_known else min(measures, default=end_s)  # before it, nobody knows what was taken
        if measures:
            self._with_records.add(_key(rule))
            seen[value] = max(measures)
        last_s = seen.get(value, end_s) + RULE_VALUE_KEPT_S if rule.tells_apart else end_s
        for at_s in range(begin_s, end_s, rule.every_s):
            measured = measures.get(at_s)
            if not isinstance(measured, int | float):
                measured = rule.of_nothing if first_s <= at_s < last_s else None
            if measured is not None:
                yield AggregateSample(
                    rule.subject, value, RULE_VALUE, self._environment, "", at_s * _US, float(measured)
                )


class RuleWatch(RuleProgress):
    """Measures rules over telemetry.

    Args:
        reader: Of the telemetry.
        record: Stores values.
        environment: Which the traffic is of.
        mark: A file that says until when each rule is measured.
        rules: Those that hold now; others than those over telemetry are left out.
        taken: Whether a kind of record is taken at present.
        patterns: What knows which patterns of log records are notable; None where nothing follows them.
        waits_since: When the oldest of what was taken and cannot be asked for yet came in, seconds since 1970.
        clock: Seconds since 1970.
        began_s: Since when values may be measured; None for now.
    """

    def __init__(
        self,
        reader: TelemetryReader,
        record: Record,
        environment: str,
        mark: Path,
        *,
        rules: Callable[[], Sequence[QueryRule]],
        taken: Callable[[RecordKind], bool] = lambda _: True,
        patterns: Callable[[], PatternWatch | None] = lambda: None,
        waits_since: Callable[[], float] = lambda: float("inf"),
        clock: Callable[[], float] = time.time,
        began_s: float | None = None,
    ) -> None:
        super().__init__(record, environment, mark, rules=rules, clock=clock, began_s=began_s)
        self._reader = reader
        self._taken = taken
        self._patterns = patterns
        self._waits_since = waits_since
        self._refused: dict[str, str] = {}

    def _settled_s(self, rule: QueryRule, /) -> float:
        if rule.kind is None or not self._taken(rule.kind):
            return 0.0
        now_s = min(self._clock(), self._waits_since()) - LATE_S
        if rule.pattern is None:
            return now_s
        watch = self._patterns()
        return min(now_s, watch.until_s if watch is not None else 0.0)

    def _values(self, rule: QueryRule, begin_s: int, end_s: int) -> Values:
        try:
            values = self._searched(rule, rule.kind or RecordKind.LOGS, begin_s, end_s)
        except OutriderError as error:
            if error.slug not in _REFUSALS:
                raise
            if self._refused.get(rule.name) != error.what:
                log.warning("a rule cannot be measured", rule=rule.name, reason=error.what)
            self._refused[rule.name] = error.what
            return {}
        self._refused.pop(rule.name, None)
        return values

    def _searched(self, rule: QueryRule, kind: RecordKind, begin_s: int, end_s: int) -> Values:
        watch = self._patterns()
        if rule.pattern is not None:
            return {"": watch.counts(rule, begin_s, end_s) if watch is not None else {}}
        query = QueryText(rule.query).during(_moment(begin_s), _moment(end_s))
        if rule.by:
            return self._values_by_key(rule, kind, query, self._kept(rule, begin_s))
        table = self._reader.measure(kind, query, measure=rule.measure, every_s=rule.every_s)
        return {"": {int(row[0] or 0): row[-1] for row in table.rows}}

    def _values_by_key(self, rule: QueryRule, kind: RecordKind, query: str, kept: Sequence[str]) -> Values:
        """Return the measures of the values that have a place, of `other`, and none of those that were let go.

        A value keeps its place while it has records, and for a day after; the largest of the new ones get what is free.
        """
        ranked = self._reader.measure(kind, query, measure=rule.measure, by=(rule.by,))
        largest = [str(row[0]) for row in ranked.rows if row[0] and len(str(row[0])) <= _MOST_CHARACTERS]
        named = [value for value in kept if value != OTHER_VALUES]
        named += [value for value in largest if value not in kept][: max(0, MOST_VALUES - len(named))]
        values: dict[str, dict[int, object]] = {value: {} for value in kept}
        if not ranked.rows:
            return values
        table = self._reader.measure(
            kind, query, measure=rule.measure, by=(rule.by,), every_s=rule.every_s, values=named or [OTHER_VALUES]
        )
        for at_s, value, measured in table.rows:
            if value:
                values.setdefault(str(value), {})[int(at_s or 0)] = measured
        return values


def past_samples(
    reader: TelemetryReader, rule: QueryRule, environment: str, since_s: float, now_s: float
) -> list[AggregateSample]:
    """Return the measures of a rule over telemetry as if it had been there since then.

    Hours in which nothing of its kind was stored are left out: whether Outrider took anything then is not known.

    Raises:
        TelemetryError: If the telemetry cannot be read, or refuses the query.
    """
    samples: list[AggregateSample] = []
    with TemporaryDirectory() as folder:
        mark = Path(folder) / "rules.json"
        watch = RuleWatch(
            reader, samples.extend, environment, mark, rules=lambda: (rule,), clock=lambda: now_s, began_s=since_s
        )
        while watch.look():
            pass
    if not samples or rule.kind is None:
        return []
    whole = QueryText("").during(_moment(samples[0].at_us // _US), _moment(int(now_s)))
    taken = {int(row[0] or 0) for row in reader.measure(rule.kind, whole, every_s=_HOUR_S).rows}
    return [sample for sample in samples if sample.at_us // _US // _HOUR_S * _HOUR_S in taken]


Values = Mapping[str, Mapping[int, object]]
"""The measure of each period that has records, by the value of the rule's key: empty where it has none."""

_REFUSALS: Final = frozenset({"bad-query", "telemetry-limit"})
"""What is wrong with a rule alone; others are measured all the same."""


def _key(rule: QueryRule) -> str:
    """Return what names the values of a rule: another question is measured anew."""
    return f"{rule.name}|{rule.language}|{rule.query}|{rule.measure}|{rule.every_s}|{rule.by}{rule.source}"


def _moment(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")


_Seen = dict[str, dict[str, int]]
"""When each value of a rule's key last had records, seconds since 1970, by rule."""


def _read(mark: Path) -> tuple[Mapping[str, int], _Seen]:
    try:
        written = json.loads(mark.read_text(encoding="utf-8"))
        until = {str(key): int(at_s) for key, at_s in written["until"].items()}
        seen = {
            str(key): {str(value): int(at_s) for value, at_s in own.items()} for key, own in written["seen"].items()
        }
    except (OSError, ValueError, AttributeError, TypeError, KeyError):
        return {}, {}
    return until, seen


def _write(mark: Path, until: Mapping[str, int], seen: _Seen) -> None:
    mark.parent.mkdir(parents=True, exist_ok=True)
    fresh = mark.with_suffix(".new")
    fresh.write_text(json.dumps({"until": until, "seen": seen}), encoding="utf-8")
    fresh.replace(mark)
