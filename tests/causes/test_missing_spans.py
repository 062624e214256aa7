"""A run whose traces have no spans says why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outrider.causes import NamedTraces, missing_spans, why_unnamed
from outrider.model import CheckId, TraceSource

DAY_US = 86_400 * 10**6
NOW_US = 30 * DAY_US
OURS, PAGE, ANSWER = TraceSource.OUTRIDER, TraceSource.PAGE, TraceSource.RESPONSE


@pytest.mark.parametrize(
    ("sources", "age_us", "check", "why"),
    [
        ({}, DAY_US, "journey:a", "the run names no trace: no request of its pages"),
        ({}, DAY_US, "probe:a", "traces were switched off when it ran, or its kind sends none"),
        ({"b": OURS}, 10**6, "probe:a", "1 of 2 traces have no spans: they may still arrive"),
        ({"b": OURS}, 4 * DAY_US, "probe:a", "spans are kept for 3 d, and the run is older"),
        ({"b": OURS}, DAY_US, "probe:a", "nothing that recorded our requests sent spans here; outrider doctor trace"),
        ({"b": ANSWER}, DAY_US, "journey:a", "the service named them, so it sampled them out"),
        ({"b": PAGE}, DAY_US, "journey:a", "pages sent them, and no service"),
    ],
)
def test_the_reason_is_told(sources: dict[str, TraceSource], age_us: int, check: str, why: str) -> None:
    """By who named the trace, how old the run is, and what kind of check it is of."""
    named = NamedTraces(CheckId(check), {"a": OURS, **sources} if sources else {}, NOW_US - age_us, 3 * 86_400)

    assert why in missing_spans(named, {"a"}, NOW_US)


def test_a_run_before_telemetry_was_taken_is_told_from_one_that_nothing_recorded() -> None:
    """No span of any service is kept of its time; an age that is not known is no reason."""
    named = NamedTraces(CheckId("probe:a"), {"a": OURS}, NOW_US - DAY_US, 0.0, are_others=False)

    assert "telemetry was not taken yet or was away" in missing_spans(named, (), NOW_US)
    assert "nothing that recorded our requests" in missing_spans(replace(named, are_others=True), (), NOW_US)
    assert "is older" not in why_unnamed(0.0)


def test_nothing_is_said_where_nothing_is_missing() -> None:
    """Each trace has spans."""
    assert missing_spans(NamedTraces(CheckId("probe:a"), {"a": OURS}, 0, 1.0), {"a", "b"}, NOW_US) == ""
