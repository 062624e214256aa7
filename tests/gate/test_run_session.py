"""Runs folded to sessions."""

from __future__ import annotations

from tests.gate.conftest import make_run

from outrider.gate import session_of, sessions_of
from outrider.model import Outcome


def test_a_session_takes_named_steps_of_measured_attempts() -> None:
    """Failures count as failures and give no durations; what was our own fault counts for nothing."""
    runs = [
        make_run(pay_ms=100.0),
        make_run(Outcome.FAILED),
        make_run(Outcome.INCONCLUSIVE),
        make_run(Outcome.SETUP_ERROR),
        make_run(pay_ms=120.0),
    ]

    session = session_of(runs)

    assert (session.durations, session.runs, session.failed) == ({"pay": (100.0, 120.0)}, 3, 1)


def test_only_whole_sessions_are_dealt() -> None:
    """Seven runs are two sessions of three."""
    dealt = sessions_of([make_run(pay_ms=float(number + 1)) for number in range(7)], 3)

    assert [session.durations["pay"] for session in dealt] == [(1.0, 2.0, 3.0), (4.0, 5.0, 6.0)]
