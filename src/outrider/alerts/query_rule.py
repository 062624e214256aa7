"""Rules over what queries of telemetry, or of sources, find: their settings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from outrider.baselines import Direction, Scale
from outrider.model import RULE_VALUE, Notable, RecordKind, Subject, SubjectKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.baselines import Settings
    from outrider.model import Series

_OF_DURATIONS = re.compile(r"(?:p[0-9.]+|avg|min|max)\s*\(\s*(?:duration|span\.duration)\s*\)")
PROMQL: Final = "promql"
_OF_NOTHING: Final = re.compile(r"\s*(?:count|rate|errors|uniq\s*\(.*\)|sum\s*\(.*\))\s*")


@dataclass(frozen=True, slots=True)
class QueryRule:
    """A problem where a measure of what a query finds is beyond a limit, is nothing, or is not as usual.

    Attributes:
        kind: What is searched; None for series of a source.
        query: Without a time; PromQL of a source.
        source: Which answers PromQL; empty for telemetry.
        measure: What is taken of it, once a period.
        every_s: Length of a period.
        above: What the measure must not exceed; None for no such limit.
        below: What it must reach.
        absent: That a period without any record is the problem.
        baseline: In which direction from what is usual it may not go; None for no baseline.
        pattern: That patterns of log records that the query finds are new, or explode; None for no such condition. The
            measure is then how many of them.
        by: A key, each value of which is measured and judged by itself; empty for all records together.
        for_s: For so long at least it must be so.
        labels: For routes and silences.
        series_labels: Which labels of a source's series are labels of its incidents, unless `labels` has them.
    """

    name: str
    kind: RecordKind | None
    query: str
    measure: str = "count"
    every_s: int = 60
    above: float | None = None
    below: float | None = None
    absent: bool = False
    baseline: Direction | None = None
    for_s: float = 0.0
    pattern: Notable | None = None
    by: str = ""
    source: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    series_labels: tuple[str, ...] = ()

    @property
    def subject(self) -> Subject:
        """What its findings are about."""
        return Subject.of(SubjectKind.RULE, self.name)

    def holds(self, series: Series) -> bool:
        """Return whether a series of its subject has values of it, the step being the value of its key."""
        return series.metric == RULE_VALUE and (self.kind is None or bool(series.step) == bool(self.by))

    @property
    def language(self) -> str:
        """The key of its query."""
        return PROMQL if self.kind is None else self.kind.value

    @property
    def tells_apart(self) -> bool:
        """Whether several series may be measured: values of its key, or what the labels of a source's series say."""
        return bool(self.by) or (self.kind is None and not self.absent)

    @property
    def is_of_durations(self) -> bool:
        """Whether the measure is in milliseconds."""
        return self.kind is RecordKind.SPANS and _OF_DURATIONS.fullmatch(self.measure.strip()) is not None

    def baseline_settings(self, settings: Settings) -> Settings:
        """Return how its values are judged where it has a baseline; its budget is that of a check."""
        scale = Scale.AGGREGATE if self.is_of_durations else Scale.COUNT
        return replace(settings, scale=scale, direction=self.baseline or Direction.BOTH)

    @property
    def of_nothing(self) -> float | None:
        """The measure of a period without records; None where it has none. What has no p95 does not exceed a limit."""
        exceeds_only = self.above is not None and self.below is None
        if self.kind is None:
            return 0.0 if exceeds_only else None
        return 0.0 if exceeds_only or _OF_NOTHING.fullmatch(self.measure) else None
