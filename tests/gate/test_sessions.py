"""Runs folded to sessions, and the proof that they visited their side."""

from __future__ import annotations

import pytest
from tests.gate.conftest import make_run

from outrider.gate import astray, session_of, sessions_of
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

    assert [one.durations["pay"] for one in dealt] == [(1.0, 2.0, 3.0), (4.0, 5.0, 6.0)]


BASE, CANDIDATE = "https://shop.test/a", "http://pr.shop.test:81"


@pytest.mark.parametrize(
    ("origins", "words"),
    [
        (("http://pr.shop.test:81", "https://cdn.test"), ""),
        (("https://shop.test",), "never asked http://pr.shop.test:81 (it asked https://shop.test)"),
        ((), "it asked nothing"),
        (("http://pr.shop.test:81", "https://shop.test"), "asked https://shop.test too"),
    ],
)
def test_the_wire_tells_which_side_was_visited(origins: tuple[str, ...], words: str) -> None:
    """A journey with an address of its own compares nothing, and is told so."""
    reason = astray(make_run(origins=origins), CANDIDATE, BASE)

    assert words in reason
    assert bool(words) == bool(reason)
