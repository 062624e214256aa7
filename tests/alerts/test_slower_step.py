"""Which runs of a slower step are looked at."""

from __future__ import annotations

import pytest
from tests.alerts.conftest import NOW_US, SECOND_US

from outrider.alerts.finding import Facts, Problem
from outrider.alerts.incident import Incident, Phase
from outrider.alerts.slower_step import slower_step_of

OPENED_US, ENDED_US = NOW_US + 30 * SECOND_US, NOW_US + 300 * SECOND_US


@pytest.mark.parametrize(
    ("phase", "until_us"),
    [
        (Phase.OPEN, ENDED_US),
        (Phase.ACKNOWLEDGED, ENDED_US),
        (Phase.RECOVERING, OPENED_US),
        (Phase.RESOLVED, OPENED_US),
    ],
)
def test_runs_of_a_recovery_are_not_taken_for_slow_ones(phase: Phase, until_us: int) -> None:
    """They are as quick as before, and would outnumber those that were slow."""
    facts = Facts("slow", step="pay", run="r")
    incident = Incident("i", Problem.DEGRADATION, NOW_US, NOW_US, facts, phase=phase, opened_us=OPENED_US)

    slower = slower_step_of(incident, ENDED_US)

    assert slower is not None
    assert (slower.since_us, slower.until_us) == (NOW_US, until_us)
