"""What the service's log leaves out."""

from __future__ import annotations

import pytest
import structlog

from outrider.cli.log_lines import RateLimit


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def passes(limit: RateLimit, level: str, **event: str) -> dict[str, object] | None:
    try:
        return dict(limit(None, level, {"event": "store.away", **event}))
    except structlog.DropEvent:
        return None


def test_a_flood_of_one_cause_is_cut_and_counted() -> None:
    """Three a minute here; the first line of the next minute says how many were left out."""
    clock = Clock()
    limit = RateLimit(most=3, clock=clock)

    logged = [passes(limit, "error", error=str(number)) for number in range(10)]
    clock.now_s = 61.0
    following = passes(limit, "error", error="again")

    assert [line is not None for line in logged] == [True] * 3 + [False] * 7
    assert following is not None
    assert following["left_out"] == 7
    assert "left_out" not in (logged[0] or {})


@pytest.mark.parametrize(("level", "key"), [("info", "error"), ("warning", "check"), ("warning", "subject")])
def test_other_causes_and_plain_events_are_not_cut(level: str, key: str) -> None:
    """Every run is logged, and every check that deviates."""
    limit = RateLimit(most=1)

    assert all(passes(limit, level, **{key: str(number)}) for number in range(50))


def test_a_thousand_causes_are_remembered_and_no_more() -> None:
    """Bounded memory; the cause that was silent for longest is forgotten."""
    limit = RateLimit(most=1)
    for number in range(1_001):
        assert passes(limit, "error", subject=str(number))

    assert passes(limit, "error", subject="1000") is None
    assert passes(limit, "error", subject="0") is not None
