"""How a check does, in one word. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from outrider.alerts import Problem, Severity
from outrider.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrider.alerts import Incident


class State(StrEnum):
    """How a check does, the worst first."""

    FAILING = "failing"
    BROKEN = "setup error"
    DEGRADED = "degraded"
    UNMEASURED = "not measured"
    UNSTABLE = "unstable"
    NEW = "no run yet"
    PAUSED = "paused"
    WELL = "well"

    @property
    def tone(self) -> str:
        """Its colour: bad, warn, good or gap."""
        return _TONES.get(self, "gap")

    @property
    def rank(self) -> int:
        """Zero for the worst."""
        return _RANKS[self]


ATTENTION = "attention"
"""In place of a state in a filter: every check that needs somebody."""

_RANKS = {state: rank for rank, state in enumerate(State)}
_TONES = {
    State.FAILING: "bad",
    State.BROKEN: "bad",
    State.DEGRADED: "warn",
    State.UNSTABLE: "warn",
    State.WELL: "good",
}
_BY_OUTCOME = {
    Outcome.FAILED: State.FAILING,
    Outcome.SETUP_ERROR: State.BROKEN,
    Outcome.INCONCLUSIVE: State.UNMEASURED,
    Outcome.SKIPPED: State.UNMEASURED,
    Outcome.MISSED: State.UNMEASURED,
    Outcome.PASSED_ON_RETRY: State.UNSTABLE,
    Outcome.PASSED: State.WELL,
}


def state_of(outcomes: Iterable[Outcome], incidents: Iterable[Incident], *, is_paused: bool) -> State:
    """Return the worst of what a check did last in each place; a slow one that passes is degraded."""
    if is_paused:
        return State.PAUSED
    state = min((_BY_OUTCOME[outcome] for outcome in outcomes), key=lambda state: state.rank, default=State.NEW)
    is_slow = any(incident.problem is Problem.DEGRADATION for incident in incidents)
    return State.DEGRADED if is_slow and state.rank > State.DEGRADED.rank else state


def needs_attention(state: State, incidents: Iterable[Incident]) -> bool:
    """Return whether somebody has to look at a check: it is bad, or an incident of it is open that disturbs people."""
    if state is State.PAUSED:
        return False
    is_open = any(incident.pages and incident.severity is not Severity.INFO for incident in incidents)
    return is_open or state in {State.FAILING, State.BROKEN, State.DEGRADED}


def outcome_tone(outcome: Outcome) -> str:
    """Return the colour of an outcome: bad, warn, good or gap."""
    return _BY_OUTCOME[outcome].tone
