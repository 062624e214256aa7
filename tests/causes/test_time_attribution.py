"""The extra time of a step is told by the spans that took it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from outrider.causes import Share, TimeAttribution, TracedStep, attribute_time, attribution_lines, runs_text

from .spans import MS, span_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.model import Span

FIVE_MINUTES_NS = 300 * 10**9


def trace(number: int, *, query_ms: int = 20, queries: int = 1, skew_ns: int = 0) -> list[Span]:
    """Return a request to a front that calls a catalogue, which sends queries; times vary a little with `number`."""
    query = query_ms + number % 5
    took = 30 + queries * query
    return [
        span_of("front", "GET /list", "f", took_ns=(took + 20) * MS),
        span_of("front", "catalogue", "c", "f", start_ns=10 * MS, took_ns=(took + 2) * MS, kind="Client"),
        span_of("catalogue", f"GET /shelf/{number}", "s", "c", start_ns=11 * MS + skew_ns, took_ns=took * MS),
        *(
            span_of("catalogue", "SELECT products", f"q{place}", "s", kind="Client",
                    start_ns=(20 + place * query) * MS + skew_ns, took_ns=query * MS)
            for place in range(queries)
        ),
    ]  # fmt: skip


def step(spans: list[Span], outside_ms: float = 100.0) -> TracedStep:
    return TracedStep(
        max(span.time_ns + span.duration_ns for span in spans if span.span_id == "f") / MS + outside_ms, (spans,)
    )


BEFORE = [step(trace(number)) for number in range(20)]


def attributed(after: list[TracedStep], before: list[TracedStep] = BEFORE) -> TimeAttribution:
    answer = attribute_time(before, after)
    assert isinstance(answer, TimeAttribution), answer
    shares = [*(part.extra for part in answer.parts), answer.rest, answer.between, answer.outside]
    assert sum(share.ms for share in shares) == pytest.approx(answer.extra.ms)
    return answer


def test_a_query_that_is_sent_for_every_row_is_named_with_its_count() -> None:
    """What it took of the whole with its interval, and how often it ran before and since."""
    answer = attributed([step(trace(number, queries=40)) for number in range(20)])

    assert attribution_lines(answer) == (
        "of +858 ms (841 to 875), +858 ms (841 to 875) in SELECT products of catalogue: ran 1 → 40 times a run (N+1)",
    )
    assert runs_text(answer) == "20 runs before and 20 since; intervals hold in 80 %"


def slower_browser(number: int) -> TracedStep:
    return step(trace(number), outside_ms=250.0 + number % 3)


def renamed_above(number: int) -> TracedStep:
    """The query is slower, and its service's operation has another name since the release."""
    return step([
        span._replace(name="GET /v2/shelf") if span.span_id == "s" else span for span in trace(number, query_ms=70)
    ])  # fmt: skip


def retried(number: int) -> TracedStep:
    """A first try that fails takes 50 ms."""
    spans = trace(number)
    failed = spans[3]._replace(span_id="e", status="Error", duration_ns=50 * MS)
    later = [span._replace(duration_ns=span.duration_ns + 50 * MS) for span in spans[:3]]
    return step([*later, failed, spans[3]._replace(time_ns=spans[3].time_ns + 50 * MS)])


def uncalled(number: int, query_ms: int = 20) -> TracedStep:
    """The spans of the catalogue are an hour late."""
    return step(trace(number, query_ms=query_ms)[:2])


def unended(number: int) -> TracedStep:
    """The front's own span has no duration, and the query is slower."""
    spans = trace(number, query_ms=70)
    return TracedStep(step(spans).duration_ms, ([spans[0]._replace(duration_ns=0), *spans[1:]],))


def without_durations(number: int) -> TracedStep:
    """A client that sends spans as they begin: of the slower query nobody knows how long it took."""
    spans = trace(number, query_ms=70)
    return TracedStep(step(spans).duration_ms, ([*spans[:3], spans[3]._replace(duration_ns=0)],))


def internal(number: int, query_ms: int = 20, skew_ns: int = 0) -> TracedStep:
    """The front's client is not instrumented: what calls the catalogue is a span of no kind."""
    spans = [span._replace(kind="Internal") for span in trace(number, query_ms=query_ms, skew_ns=skew_ns)[:2]]
    return step([*spans, *trace(number, query_ms=query_ms, skew_ns=skew_ns)[2:]])


def test_a_server_whose_clock_is_apart_belongs_to_its_caller_of_whatever_kind() -> None:
    """Else the time of what it does would be the caller's own."""
    answer = attributed(
        [internal(number, 70, FIVE_MINUTES_NS) for number in range(20)], [internal(number) for number in range(20)]
    )

    assert attribution_lines(answer) == ("of +50 ms (49 to 51), +50 ms (49 to 51) in SELECT products of catalogue",)


def test_the_last_runs_whose_spans_are_late_are_left_out() -> None:
    """A service sends its spans every few seconds: those of its caller are there, and show no query."""
    after = [step(trace(number, query_ms=70)) for number in range(3)] + [uncalled(number, 70) for number in range(3)]

    answer = attributed(after)

    assert [part.place.operation for part in answer.parts] == ["SELECT products"]
    assert (answer.after_runs, answer.left_out) == (3, {"spans of what it calls are missing": 3})


@pytest.mark.parametrize(
    ("after", "lines"),
    [
        (
            lambda number: uncalled(number, 70),
            ("+50 ms (49 to 51) in catalogue of front: spans of what it calls are missing",),
        ),
        (
            lambda number: uncalled(number, 70 if number % 2 else 20) if number % 4 else step(trace(number)),
            ("in catalogue of front: spans of what it calls are missing",),
        ),
        (
            without_durations,
            ("+50 ms (49 to 51) in GET /shelf/* of catalogue: spans of what it calls are missing",),
        ),
        (unended, ("+50 ms (49 to 51) in SELECT products of catalogue",)),
        (slower_browser, ("no span has more than chance explains", "left: +151 ms outside of the traces")),
        (renamed_above, ("+50 ms (49 to 51) in SELECT products of catalogue",)),
        (retried, ("SELECT products of catalogue: ran 1 → 2 times a run, 1 of 2 fail and is tried again",)),
    ],
)
def test_what_took_the_time_is_told_whatever_it_was(after: Callable[[int], TracedStep], lines: tuple[str, ...]) -> None:
    """The browser, an operation at another place, a try that failed."""
    told = attribution_lines(attributed([after(number) for number in range(20)]))

    assert all(any(line in text for text in told) for line in lines), told


@pytest.mark.parametrize(
    "spans_of",
    [
        lambda number: trace(number, query_ms=70, skew_ns=FIVE_MINUTES_NS),
        lambda number: trace(number, query_ms=70) * 2,
        lambda number: [*trace(number, query_ms=70), span_of("front", "mark", "m", "f", start_ns=5 * MS)],
        lambda number: [*trace(number, query_ms=70), span_of("front", "loop", "l", "l", took_ns=MS)],
        lambda number: [
            *trace(number, query_ms=70),
            span_of("mailer", "send", "x", "q0", start_ns=20 * MS + FIVE_MINUTES_NS, took_ns=MS, kind="Consumer"),
        ],
    ],
    ids=["clocks five minutes apart", "arrived twice", "without duration", "a cycle", "work that goes on later"],
)
def test_odd_traces_are_read_right(spans_of: Callable[[int], list[Span]]) -> None:
    """The query that is 50 ms slower is named, with once a run."""
    [part] = attributed([step(spans_of(number)) for number in range(20)]).parts

    assert part.place[:2] == ("catalogue", "SELECT products")
    assert part.extra.ms == pytest.approx(50, abs=1)
    assert (part.before_count, part.after_count) == (1, 1)


def test_a_service_is_named_where_each_run_waits_for_another_of_its_operations() -> None:
    """Three queries run side by side, all get slower, and now this one ends last, now that one."""

    def beside(number: int, took_ms: int) -> TracedStep:
        queries = [
            span_of(
                "catalogue", f"SELECT {name}", name, "f", start_ns=MS, took_ns=(took_ms + 9 * ((number + at) % 3)) * MS
            )
            for at, name in enumerate(("stock", "prices", "rates"))
        ]
        return step([span_of("front", "GET /list", "f", took_ns=(took_ms + 40) * MS), *queries])

    answer = attributed(*([beside(number, took_ms) for number in range(3)] for took_ms in (300, 20)))

    assert [part.place[:2] for part in answer.parts] == [("catalogue", "several operations")]
    assert answer.parts[0].extra.ms == pytest.approx(280, abs=1)


def test_two_services_of_one_name_are_told_apart_by_where_they_are_called() -> None:
    """The same operation of the same name, below another one."""

    def other(number: int, took_ms: int) -> TracedStep:
        spans = [
            span._replace(duration_ns=span.duration_ns + took_ms * MS) if span.span_id == "f" else span
            for span in trace(number)
        ]
        later_ns = spans[1].time_ns + spans[1].duration_ns
        pay = span_of("front", "pay", "p", "f", start_ns=later_ns, took_ns=took_ms * MS, kind="Client")
        query = span_of("catalogue", "SELECT products", "z", "p", start_ns=later_ns, took_ns=took_ms * MS)
        return step([*spans, pay, query])

    answer = attributed([other(number, 60) for number in range(20)], [other(number, 10) for number in range(20)])

    assert [part.place for part in answer.parts] == [("catalogue", "SELECT products", "pay")]


def test_the_clock_of_services_apart_from_the_probers_is_told() -> None:
    """Where traces are of several steps, theirs are chosen by time."""
    window = (FIVE_MINUTES_NS, FIVE_MINUTES_NS + 500 * MS)

    answer = attribute_time(BEFORE, [replace(own, window_ns=window) for own in BEFORE])

    assert isinstance(answer, str)
    assert "no spans of its traces begin while the step ran" in answer


def reused(number: int) -> TracedStep:
    """Two requests of one id, an hour apart."""
    first = step(trace(number))
    later = span_of("front", "GET /list", "other", start_ns=3_600 * 10**9, took_ns=MS)
    return replace(first, traces=([*first.traces[0], later],))


def instant(number: int) -> TracedStep:
    """A client that sends spans as they begin, of all services: the time is not outside of the traces."""
    spans = trace(number, query_ms=70)
    return TracedStep(step(spans).duration_ms, ([span._replace(duration_ns=0, time_ns=0) for span in spans],))


@pytest.mark.parametrize(
    ("after", "why"),
    [
        ([], "no run since it got slower has traces to compare"),
        ([step(trace(0))], "only 1 run since it got slower has traces to compare, and it takes 3"),
        ([TracedStep(500.0, ())] * 20, "no spans of its traces are kept"),
        ([reused(number) for number in range(20)], "trace ids are used again"),
        (BEFORE[:2], "only 2 runs since"),
        (
            [instant(number) for number in range(20)],
            "has traces to compare: its spans have no durations",
        ),
        ([TracedStep(500.0, (trace(1) * 25_000,))] * 3, "more than 5,000 spans"),
    ],
)
def test_what_cannot_be_known_is_unknown_for_a_reason(after: list[TracedStep], why: str) -> None:
    """Never a made-up cause."""
    answer = attribute_time(BEFORE, after)

    assert isinstance(answer, str)
    assert why in answer


def test_what_got_quicker_does_not_explain_what_got_slower() -> None:
    """It follows what took the time, or that nothing known did."""
    extra, gain = Share(1_840.0, 921.0, 2_750.0), Share(-93.0, -93.0, 0.0)
    answer = attributed([step(trace(number, queries=40)) for number in range(20)])
    quicker = replace(answer.parts[0], extra=gain)

    both = attribution_lines(replace(answer, extra=extra, parts=(quicker, answer.parts[0])))
    alone = attribution_lines(replace(answer, extra=extra, parts=(quicker,)))

    assert "1 → 40 times" in both[0]
    assert "+1.84 s (921 ms to 2.75 s), +" in both[0]
    assert alone[0] == "of +1.84 s (921 ms to 2.75 s), no span has more than chance explains"
    assert alone[1].startswith("-93 ms")
