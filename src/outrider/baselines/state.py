"""The checkpoint of a judged series, and the signal after each run."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.judge_settings import Settings
from outrider.baselines.season import Cells

if TYPE_CHECKING:
    from outrider.baselines.deviation import Deviation
    from outrider.baselines.expectation import Baseline
    from outrider.baselines.precedent import FormerLevel, Habit
    from outrider.baselines.series import FloatArray, IntArray
    from outrider.baselines.statistics import Part


class Condition(StrEnum):
    """How a series does."""

    LEARNING = "learning"
    STEADY = "steady"
    DEGRADED = "degraded"
    IMPROVED = "improved"


class Code(IntEnum):
    """A condition in an array of runs."""

    LEARNING = 0
    STEADY = 1
    DEGRADED = 2
    IMPROVED = 3


class EventKind(StrEnum):
    """Kinds of events that the judge takes as input."""

    ACCEPTED = "accepted"  # the level since then is the new normal: an accepted release, a confirmed change point
    CLOSED = "closed"  # somebody closed the incident
    RESET = "reset"  # forget everything


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the series before a run.

    Attributes:
        since: UTC seconds from which the new level counts; None means since the open incident began, or now.
    """

    kind: EventKind
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """A deviation that stands.

    Attributes:
        side: 1 above what is expected, -1 below.
        alerting: Whether it is of the bad kind.
        part: What fired.
        window: Over how many runs.
        since: UTC seconds of the first run of the block that fired.
        opened_at: UTC seconds of the run that fired.
        deviation: What was measured then.
        habitual_until: UTC seconds until which it is what this time of the week is known for; None if it is not.
        most_share: Evidence above which it is more than that, as a share of the limit.
        provisional: Whether it was seen while the series is still being learned.
    """

    side: int
    alerting: bool
    part: Part
    window: int
    since: int
    opened_at: int
    deviation: Deviation
    habitual_until: int | None = None
    most_share: float = 0.0
    provisional: bool = False

    @property
    def code(self) -> Code:
        """How a series does while it stands."""
        if self.habitual_until is not None:
            return Code.STEADY
        return Code.DEGRADED if self.alerting else Code.IMPROVED


def _no_times() -> IntArray:
    return np.zeros(0, np.int64)


def _no_values() -> FloatArray:
    return np.zeros(0)


@dataclass(frozen=True, slots=True)
class State:
    """The checkpoint of one series; bounded, whatever the cadence.

    Attributes:
        settings: How the series is judged.
        at: UTC seconds of the runs that are remembered, ascending.
        value: Log value of each.
        cells: Half hours that are remembered, which reach further back than runs at a quick cadence.
        baseline: What is expected; None while learning.
        next_fit: When the baseline is learned anew.
        fresh: Runs since the scans were last restarted.
        episode: The deviation that stands.
        adopting: Since when a new level is being learned.
        started: UTC seconds since when it learns.
        former: Levels that were normal before.
        habits: Deviations of the last weeks.
        last_at: The latest time seen.
        zone: Time zone that the season was seen to follow when clocks changed, in place of `zone_of`; empty for none.
        zone_of: The zone of the settings then.
        backwards: Runs in a row that lay more than an hour before that.
    """

    settings: Settings = field(default_factory=Settings)
    at: IntArray = field(default_factory=_no_times)
    value: FloatArray = field(default_factory=_no_values)
    cells: Cells = field(default_factory=lambda: Cells(_no_times(), _no_values()))
    baseline: Baseline | None = None
    next_fit: int = 0
    fresh: int = 0
    episode: Episode | None = None
    adopting: int | None = None
    started: int | None = None
    former: tuple[FormerLevel, ...] = ()
    habits: tuple[Habit, ...] = ()
    last_at: int | None = None
    backwards: int = 0
    zone: str = ""
    zone_of: str = ""

    @property
    def judging(self) -> Settings:
        """The settings by which the series is judged: in the zone that its season follows."""
        is_followed = self.zone and self.zone_of == self.settings.tz
        return replace(self.settings, tz=self.zone) if is_followed else self.settings

    @property
    def condition(self) -> Condition:
        """How the series does."""
        if self.adopting is None and self.episode is not None:
            return Condition[self.episode.code.name]
        return Condition.LEARNING if self.baseline is None or self.adopting is not None else Condition.STEADY


@dataclass(frozen=True, slots=True)
class Signal:
    """The judgement after a run, with its reason.

    Attributes:
        condition: How the series does.
        part: The part that fired; None where nothing stands.
        window: Over how many runs it, or the strongest evidence, was gathered.
        observed: The quantity that `reason` names: a typical value of those runs in the unit of the series, their
            distance from it, or a share of runs; NaN while learning. It lies outside its band while a deviation stands.
        expected_low: Lower end of the band in which it should lie.
        expected_high: Upper end of it.
        ratio: Observed over what is usual.
        since: UTC seconds of the first run that deviates.
        strength: Evidence as a share of what an alert needs.
        ignored: Whether the run was left out: missing, not a positive number, or out of order.
        reason: One sentence for people; while learning, what is missing.
        provisional: Whether the series is still being learned, so that only large deviations are seen.
        chance_months: Months between two alerts with such evidence by chance alone, in this series; NaN without one.
        observed_text: The observed value in words, such as "5 of 6 runs above 1.7 ms".
        expected_text: The band in words, such as "1 in 20".
        is_level: Whether the observed value is a typical value of the runs, not a share or a distance.
    """

    condition: Condition
    part: Part | None
    window: int
    observed: float
    expected_low: float
    expected_high: float
    ratio: float
    since: int | None
    strength: float
    ignored: bool
    reason: str
    observed_text: str = ""
    expected_text: str = ""
    is_level: bool = True
    provisional: bool = False
    chance_months: float = math.nan
