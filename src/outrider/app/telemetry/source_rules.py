"""Rules over series of sources: measured by PromQL, a period at a time, and judged as rules over telemetry are."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import structlog

from outrider.app.lookup.source_access import workspace_sources
from outrider.app.telemetry.rule_watch import LATE_S, MOST_VALUES, RuleProgress
from outrider.model import OutriderError, SourceError, UsageError, series_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from outrider.alerts import QueryRule
    from outrider.app.telemetry.rule_watch import Record, Values
    from outrider.model import AggregateLog, LabelledSeriesReader, Run
    from outrider.runs import Judgement
    from outrider.scheduler import Health
    from outrider.workspace import Workspace

log = structlog.get_logger("outrider.sources")

_MARK: Final = "sources/rules.json"
_EVERY_US: Final = 10_000_000
_CLOSES_S: Final = 15.0


def series_values(
    sources: LabelledSeriesReader, rule: QueryRule, begin_s: int, end_s: int
) -> Mapping[str, Mapping[int, float]]:
    """Return the measure of each period of a rule by the name of its series: the query's value at the period's end.

    A rule about absence has the number of series that have a value.

    Raises:
        UsageError: unknown-source.
        SourceError: If the source does not answer, or refuses the query.
    """
    every_s = rule.every_s
    answered = sources.series(rule.query, begin_s + every_s, end_s, every_s, source=rule.source)
    if not rule.absent:
        return {
            name: {round(at_s) - every_s: value for at_s, value in zip(own.at_s, own.values, strict=True)}
            for name, own in zip(series_names(answered), answered, strict=True)
        }
    counts = Counter(round(at_s) - every_s for own in answered for at_s in own.at_s)
    return {"": {at_s: float(counts[at_s]) for at_s in range(begin_s, end_s, every_s)}}


class SourceRuleWatch(RuleProgress):
    """Measures rules over series; what a source does not answer is asked again, and nothing is stored meanwhile.

    What Outrider did not measure while it did not run is left out, as for all rules; what a source did not answer is
    measured later.

    Args:
        sources: Those of the workspace as it is now.
        record: Stores values.
        environment: Which the series are of.
        mark: A file that says until when each rule is measured.
        rules: Those that hold now.
        clock: Seconds since 1970.

    Attributes:
        problems: Why a rule is not judged, or not wholly, by its name.
    """

    def __init__(
        self,
        sources: Callable[[], LabelledSeriesReader],
        record: Record,
        environment: str,
        mark: Path,
        *,
        rules: Callable[[], Sequence[QueryRule]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(record, environment, mark, rules=rules, clock=clock)
        self._sources = sources
        self.problems: dict[str, str] = {}

    def _settled_s(self, _: QueryRule, /) -> float:
        return self._clock() - LATE_S

    def _values(self, rule: QueryRule, begin_s: int, end_s: int) -> Values | None:
        try:
            answered = series_values(self._sources(), rule, begin_s, end_s)
        except (SourceError, UsageError) as error:
            since = datetime.fromtimestamp(begin_s, UTC).strftime("%Y-%m-%d %H:%M")
            self.problems[rule.name] = f"not judged since {since} UTC: {error.what}"
            return None
        kept = self._kept(rule, begin_s)
        fresh = [name for name in answered if name not in kept]
        places = max(0, MOST_VALUES - len(kept))
        self.problems.pop(rule.name, None)
        if len(fresh) > places:
            fix = "let the query add up more of them: sum by (…)"
            self.problems[rule.name] = (
                f"finds {len(kept) + len(fresh)} series, of which {MOST_VALUES} are judged; {fix}"
            )
        return {name: answered.get(name, {}) for name in [*kept, *fresh[:places]]}


class SourceRules:
    """A listener of the service that measures rules over series, in a thread of its own; no tick waits for a source.

    Args:
        aggregates: Where values are stored, for the judging of subjects.
        health: Says which rules are not judged, and why.
        leads: Whether this process is the leader: others measure nothing.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        aggregates: AggregateLog,
        health: Health,
        leads: Callable[[], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._aggregates = aggregates
        self._health = health
        self._leads = leads
        self._clock = clock
        self._workspace: Workspace | None = None
        self._rules: Sequence[QueryRule] = ()
        self._watch: SourceRuleWatch | None = None
        self._degraded: frozenset[str] = frozenset()
        self._thread: threading.Thread | None = None
        self._due_us = 0

    def use(self, workspace: Workspace, rules: Sequence[QueryRule]) -> None:
        """Follow a new state of the workspace; returns at once."""
        switches = workspace.capabilities
        is_on = switches.alerts and switches.judging and switches.sources
        self._workspace = workspace
        self._rules = [rule for rule in rules if rule.kind is None] if is_on else []

    def run_finished(self, run: Run, judgements: Sequence[Judgement]) -> None:
        """Ignore runs."""

    def ticked(self, now_us: int) -> None:
        """Measure what is due, unless that is under way."""
        if not self._leads():
            self._watch = None  # who leads meanwhile goes on where this one was
            return
        if not (self._rules or self._degraded) or self._is_measuring or 0 <= self._due_us - now_us < _EVERY_US:
            return
        self._due_us = now_us + _EVERY_US
        if self._watch is None and self._workspace is not None:
            workspace = self._workspace
            self._watch = SourceRuleWatch(
                lambda: workspace_sources(self._workspace or workspace), self._aggregates.record,
                workspace.defaults.environment, workspace.state / _MARK, rules=lambda: self._rules,
                clock=self._clock,
            )  # fmt: skip
        self._thread = threading.Thread(target=self._measure, args=(self._watch,), name="source rules", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Wait until what is being measured is."""
        if self._thread is not None:
            self._thread.join(_CLOSES_S)

    @property
    def _is_measuring(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _measure(self, watch: SourceRuleWatch) -> None:
        try:
            while watch.look() and self._leads():
                pass
        except OutriderError as error:
            log.error("rules over sources are not measured", reason=error.what)  # noqa: TRY400  the reason is all of it
            return
        except Exception as error:  # nobody waits for this thread: it says itself what went wrong
            log.exception("rules over sources are not measured", reason=f"{type(error).__name__}: {error}")
            return
        names = {rule.name for rule in self._rules}
        wrong = {f"rule {name}": why for name, why in watch.problems.items() if name in names}
        for subject in self._degraded - wrong.keys():
            self._health.well(subject)
        for subject, why in wrong.items():
            self._health.wrong(subject, why)
        self._degraded = frozenset(wrong)
