"""Contract of `TraceLinkLog`: the traces of a run, and the runs of a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrider.model import AttemptTrace, CheckId, Origin, Retention, RunId, TraceLink, TraceSource
from outrider.store.text_limits import TRACES_PER_ATTEMPT

if TYPE_CHECKING:
    from tests.store.conftest import Maker, Place

    from outrider.store import Store

TRACE = "0af7651916cd43dd8448eb211c80319c"
OTHER = "ab" * 16
CHECK = "journey:shop.py::test_pay"
DAY_US = 86_400_000_000


def test_a_run_has_the_traces_of_its_attempts(store: Store, make: Maker) -> None:
    """By attempt, in the order of the requests, with step, kind and who named them."""
    traces = (
        AttemptTrace(OTHER, "pay", source=TraceSource.PAGE),
        AttemptTrace(TRACE, "browse", source=TraceSource.RESPONSE),
    )
    again = make.attempt(2, traces=(AttemptTrace(TRACE, "", Origin.LOAD),))
    run = make.run(CHECK, make.attempt(traces=traces), again)

    store.runs.record(run)

    assert store.trace_links.of_run(run.id) == (
        TraceLink(OTHER, run.id, CheckId(CHECK), 1, "pay", Origin.SYNTHETIC, TraceSource.PAGE),
        TraceLink(TRACE, run.id, CheckId(CHECK), 1, "browse", Origin.SYNTHETIC, TraceSource.RESPONSE),
        TraceLink(TRACE, run.id, CheckId(CHECK), 2, "", Origin.LOAD, TraceSource.OUTRIDER),
    )


def test_a_trace_leads_to_its_runs(store: Store, make: Maker) -> None:
    """The run stored last comes first; what was left out is told, and what is unknown leads nowhere."""
    runs = [make.run(CHECK, make.attempt(traces=(AttemptTrace(TRACE),))) for _ in range(3)]
    store.runs.record_many(runs)

    links = store.trace_links.of_traces([TRACE, OTHER, "nonsense", "0" * 32])
    two = store.trace_links.of_traces([TRACE], limit=2)

    assert [link.run for link in links] == [run.id for run in reversed(runs)]
    assert (links.is_complete, len(two), two.is_complete) == (True, 2, False)
    assert list(store.trace_links.of_traces([OTHER])) == []
    assert list(store.trace_links.of_traces([])) == []


def test_a_question_names_a_bounded_number_of_traces(store: Store) -> None:
    """A page shows fewer."""
    with pytest.raises(ValueError, match="1000 at most"):
        store.trace_links.of_traces([f"{number:032x}" for number in range(1_001)])


@pytest.mark.parametrize("run", ["", "no id", "0198c0de-0000-7000-8000-000000000000"])
def test_an_unknown_run_has_no_traces(store: Store, run: str) -> None:
    """Whatever somebody asks for."""
    assert store.trace_links.of_run(RunId(run)) == ()


def test_what_is_no_id_of_a_trace_is_not_linked(store: Store, make: Maker) -> None:
    """All zeros, capitals, other lengths and other text join nothing."""
    wrong = ("", "0" * 32, TRACE.upper(), TRACE[1:], TRACE + "0", "g" * 32, "a\0b")
    run = make.run(CHECK, make.attempt(traces=tuple(map(AttemptTrace, (*wrong, TRACE)))))

    store.runs.record(run)

    assert [link.trace_id for link in store.trace_links.of_run(run.id)] == [TRACE]


def test_a_trace_is_linked_once_with_each_step(store: Store, make: Maker) -> None:
    """A page that sends one trace with a thousand requests has one link a step; who named it first counts."""
    traces = [AttemptTrace(TRACE, step, source=source) for source in TraceSource for step in ("browse", "pay") * 500]
    run = make.run(CHECK, make.attempt(traces=tuple(traces)))

    store.runs.record(run)

    links = store.trace_links.of_run(run.id)
    assert [(link.step, link.source) for link in links] == [
        ("browse", TraceSource.OUTRIDER),
        ("pay", TraceSource.OUTRIDER),
    ]


def test_thousands_of_traces_of_one_attempt_are_bounded_and_told(store: Store, make: Maker) -> None:
    """The first are linked."""
    traces = tuple(AttemptTrace(f"{number:032x}") for number in range(1, 5_001))
    run = make.run(CHECK, make.attempt(traces=traces))

    store.runs.record(run)

    assert store.trace_links.of_run(run.id)[-1].trace_id == traces[TRACES_PER_ATTEMPT - 1].trace_id
    assert store.runs.get(run.id).omitted == (f"attempt 1: {5_000 - TRACES_PER_ATTEMPT} of 5000 links to traces",)


def test_links_follow_a_check_that_is_renamed(store: Store, make: Maker) -> None:
    """They name it as it is called now."""
    store.runs.record(make.run(CHECK, make.attempt(traces=(AttemptTrace(TRACE),))))
    store.checks.rename(CheckId(CHECK), CheckId("journey:new"), 1)

    assert [link.check for link in store.trace_links.of_traces([TRACE])] == ["journey:new"]


def test_links_leave_with_their_run(store: Store, make: Maker, place: Place) -> None:
    """Retention removes them in the transaction that removes the run."""
    run = make.run(CHECK, make.attempt(traces=(AttemptTrace(TRACE, "pay"),)))
    store.runs.record(run)

    store.prune(run.due_us + 2 * DAY_US, Retention(runs_s=86_400.0, details_s=86_400.0, others_s=86_400.0))

    assert place.rows("trace_link", "runs") == {"trace_link": 0, "runs": 0}
