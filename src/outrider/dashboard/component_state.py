"""How a component of the status page does, by its checks. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from outrider.alerts import Problem
from outrider.model import Impact, Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from outrider.alerts import Incident
    from outrider.model import CheckId, RunSummary

_BROKEN = frozenset({Problem.FAILURE, Problem.CERTIFICATE})
_SLOW = frozenset({Problem.DEGRADATION})


class ComponentState(StrEnum):
    """How a component does, in the words of the public, the worst first."""

    DOWN = "down"
    DEGRADED = "degraded"
    MAINTENANCE = "maintenance"
    NO_DATA = "no data"
    OPERATIONAL = "operational"

    @property
    def tone(self) -> str:
        """Its colour: bad, warn, note, gap or good."""
        return _TONES[self]

    @property
    def rank(self) -> int:
        """Zero for the worst."""
        return _RANKS[self]


_TONES = {
    ComponentState.DOWN: "bad",
    ComponentState.DEGRADED: "warn",
    ComponentState.MAINTENANCE: "note",
    ComponentState.NO_DATA: "gap",
    ComponentState.OPERATIONAL: "good",
}
_RANKS = {state: rank for rank, state in enumerate(ComponentState)}
_OF_IMPACT = {Impact.DOWN: ComponentState.DOWN, Impact.DEGRADED: ComponentState.DEGRADED}
_CONCLUSIVE = frozenset({Outcome.PASSED, Outcome.PASSED_ON_RETRY, Outcome.FAILED})


def check_state(
    check: CheckId, runs: Sequence[RunSummary], incidents: Iterable[Incident], *, confirms: bool, is_in_window: bool
) -> ComponentState:
    """Return how one check does.

    A single failed run is no outage: where incidents confirm failures, they alone say that a check is down.

    Args:
        runs: Its last run in each place, as far as they are recent.
        incidents: Those that last and affect it.
        confirms: Whether failures are confirmed by incidents at all.
        is_in_window: Whether maintenance is under way.
    """
    if is_in_window:
        return ComponentState.MAINTENANCE
    if not any(run.outcome in _CONCLUSIVE for run in runs):
        return ComponentState.NO_DATA
    problems = {incident.problem for incident in incidents if incident.well_since_us(check) is None}
    has_failed = any(run.outcome is Outcome.FAILED for run in runs)
    if problems & _BROKEN or (has_failed and not confirms):
        return ComponentState.DOWN
    return ComponentState.DEGRADED if problems & _SLOW else ComponentState.OPERATIONAL


def component_state(states: Collection[ComponentState], impacts: Iterable[Impact]) -> ComponentState:
    """Return how a component does.

    Args:
        states: Of its checks. It is down if all are that say anything; degraded if some are.
        impacts: Of the page's incidents that last and name it; the worst word counts.
    """
    measured = [state for state in states if state is not ComponentState.NO_DATA]
    own = min(measured, key=lambda state: state.rank, default=ComponentState.NO_DATA)
    if own is ComponentState.DOWN and any(state is not ComponentState.DOWN for state in measured):
        own = ComponentState.DEGRADED
    stated = (_OF_IMPACT[impact] for impact in impacts if impact in _OF_IMPACT)
    return min((own, *stated), key=lambda state: state.rank)
