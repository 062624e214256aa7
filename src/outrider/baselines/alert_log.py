"""The alerts of a whole series: when, by which part of the judge, and how rare their evidence was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.explanation import explain
from outrider.baselines.judge import advance
from outrider.baselines.judge_settings import Settings
from outrider.baselines.series import FloatArray, IntArray, seconds_of, values_of
from outrider.baselines.state import Code, Condition, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import ArrayLike

    from outrider.baselines.statistics import Part

PROVISIONAL = "provisional"
"""The rule of series that are still being learned."""

_PIECE = 512


@dataclass(frozen=True, slots=True)
class JudgedAlert:
    """An alert of a series.

    Attributes:
        start: Index of the first run after which it is open.
        part: The part of the judge that fired.
        provisional: Whether it fired while the series was still being learned.
        window: Over how many runs.
        since: UTC seconds of the first run that deviates, as it is known when the alert opens.
        chance_months: After each run for which it is open: months between two such by chance alone.
    """

    start: int
    part: Part
    window: int
    since: int
    chance_months: tuple[float, ...]
    provisional: bool = False

    @property
    def end(self) -> int:
        """Index of the first run after which it is no longer open."""
        return self.start + len(self.chance_months)

    @property
    def rule(self) -> str:
        """Which rule of the judge fired: the name of its part, or "provisional"."""
        return PROVISIONAL if self.provisional else self.part.value


def judged_alerts(
    at: ArrayLike, value: ArrayLike, *, settings: Mapping[str, object] | None = None
) -> list[JudgedAlert]:
    """Return the alerts of a series, the earliest first; arguments and errors are those of `replay`."""
    numbers = values_of(value)
    return list(_alerts(seconds_of(at, len(numbers)), numbers, State(settings=Settings.of(settings))))


def _alerts(at: IntArray, value: FloatArray, state: State) -> Iterator[JudgedAlert]:
    start = 0
    while start < len(at):
        after, codes = advance(state, at[start : start + _PIECE], value[start : start + _PIECE])
        fired = np.flatnonzero(codes == Code.DEGRADED)
        if not len(fired):
            state, start = after, start + _PIECE
            continue
        first = start + int(fired[0])
        state, _ = advance(state, at[start : first + 1], value[start : first + 1])
        episode = state.episode
        assert episode is not None
        signal, start = explain(state), first + 1
        months, since = [signal.chance_months], signal.since if signal.since is not None else episode.since
        while start < len(at):
            state, _ = advance(state, at[start : start + 1], value[start : start + 1])
            start += 1
            if state.condition is not Condition.DEGRADED:
                break
            months.append(explain(state).chance_months)
        yield JudgedAlert(first, episode.part, episode.window, since, tuple(months), episode.provisional)
