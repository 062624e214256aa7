from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from outrider.load.endpoint_names import OTHERS, grouping_advice
from outrider.load.tally import Tally
from outrider.load.timeline import MOST_ENDPOINTS, LoadTimeline, thinned
from outrider.load.wire import Aim, Ended, LoadConfig, Pulse, Ready, Started, Stop, Stopping, read, write
from outrider.model import Histogram, LoadResult, altogether

REQUESTS = st.lists(
    st.tuples(
        st.integers(0, 9), st.sampled_from(("GET /", "GET /a")), st.floats(0.1, 5000), st.booleans(), st.integers(0, 2)
    ),
    max_size=200,
)  # fmt: skip


def test_messages_arrive_as_they_were_sent() -> None:
    tally = Tally("a", paced=True)
    tally.answered(5.2, "GET /", 12.0, failed=False, intended_ms=30.0, received_bytes=7)
    tally.failed("GET /", "boom 0x7f001234")
    tally.refused("evil.test")
    for message in (
        LoadConfig(("a",), shaped=True, users=3, rate=2.5), Aim(5), Stop(),
        Ready(own_shape=True, hosts=("http://x",), run_time_s=2.0), Started(1.5), Stopping(1.7),
        Pulse(2.0, 3, 4, 1), Ended(None), tally.take(),
    ):  # fmt: skip
        assert read(write(message)) == message


@given(REQUESTS)
def test_what_several_processes_counted_is_merged_exactly(requests: list[tuple[int, str, float, bool, int]]) -> None:
    tallies = [Tally(str(number)) for number in range(3)]
    timeline = LoadTimeline()
    timeline.receive(Started(100.0))
    for second, endpoint, took_ms, failed, process in requests:
        tallies[process].answered(
            100.0 + second, endpoint, took_ms, failed=failed, intended_ms=took_ms, received_bytes=1
        )
    for tally in tallies:
        timeline.receive(read(write(tally.take())))

    result = timeline.result(110.0)

    for part in result.endpoints:
        mine = [(took_ms, failed) for _, endpoint, took_ms, failed, _ in requests if endpoint == part.endpoint]
        assert part.succeeded == Histogram.of(took_ms for took_ms, failed in mine if not failed)
        assert part.failed == Histogram.of(took_ms for took_ms, failed in mine if failed)
    assert sum(part.requests for part in result.endpoints) == len(requests)


def test_requests_that_were_open_at_the_end_belong_to_no_interval() -> None:
    """Answers of the shutdown, requests given up, and those of a process that was never heard of again all count."""
    tally, killed, timeline = Tally("a"), Tally("b"), LoadTimeline()
    timeline.receive(Started(10.0))
    tally.answered(10.5, "GET /", 5.0, failed=False, intended_ms=5.0, received_bytes=1)
    tally.answered(12.5, "GET /", 900.0, failed=False, intended_ms=900.0, received_bytes=1)
    tally.unanswered(12.6, "GET /", 700.0, [700.0])
    killed.still_open("GET /hang", 4000.0, [4000.0])
    for part in (tally, killed):
        timeline.receive(read(write(part.take())))

    result = timeline.result(12.0)

    assert {endpoint.endpoint: endpoint.requests for endpoint in result.endpoints} == {"GET /": 3, "GET /hang": 1}
    assert result.length_s == 1.0
    assert result.rates == {"GET /": 1.0}


def test_failures_of_one_kind_are_one_group() -> None:
    tally, timeline = Tally("a"), LoadTimeline()
    for number in range(1000, 1010):
        tally.failed("GET /", f"order {number} is gone at 0x7f{number}")
    tally.failed("GET /", "other")
    timeline.receive(tally.take())

    first, second = timeline.failures()

    assert (first.count, first.message, len(first.samples)) == (10, "order … is gone at …", 3)
    assert (second.count, second.message) == (1, "other")


def test_too_many_names_are_gathered_under_one() -> None:
    tally, timeline = Tally("a"), LoadTimeline()
    timeline.receive(Started(10.0))
    for number in range(MOST_ENDPOINTS + 50):
        tally.answered(10.5, f"GET /{number}", 1.0, failed=False, intended_ms=1.0, received_bytes=0)
    timeline.receive(tally.take())

    endpoints = {part.endpoint: part.requests for part in timeline.result(11.0).endpoints}

    assert len(endpoints) == MOST_ENDPOINTS + 1
    assert endpoints[OTHERS] == 50


def test_an_endpoint_seen_late_keeps_its_name_among_unique_urls() -> None:
    """So do the slowest, and no request is lost."""
    tally, timeline = Tally("a"), LoadTimeline()
    timeline.receive(Started(10.0))
    for number in range(5_000):
        at_s = 10.5 + number // 100
        tally.answered(at_s, f"GET /item/{number}", 1.0, failed=False, intended_ms=1.0, received_bytes=0)
        if number == 2_000:
            tally.answered(at_s, "GET /slow", 9_000.0, failed=False, intended_ms=1.0, received_bytes=0)
        if number >= 4_000 and number % 10 == 0:
            tally.answered(at_s, "POST /pay", 1.0, failed=False, intended_ms=1.0, received_bytes=0)
        if number % 100 == 99:
            timeline.receive(tally.take())

    result = timeline.result(100.0)
    endpoints = {endpoint.endpoint: endpoint.requests for endpoint in result.endpoints}

    assert (endpoints["POST /pay"], endpoints["GET /slow"]) == (100, 1)
    assert len(endpoints) == MOST_ENDPOINTS + 1
    assert sum(endpoints.values()) == 5_101
    assert grouping_advice(endpoints).endswith('name="/item/[id]"')


def test_thinning_loses_no_request_and_no_time() -> None:
    numbers = random.Random(4)
    tally, timeline = Tally("a"), LoadTimeline()
    timeline.receive(Started(0.0))
    for second in range(1000):
        tally.answered(
            float(second), "GET /", numbers.expovariate(0.01), failed=False, intended_ms=0.0, received_bytes=1
        )
    timeline.receive(tally.take())
    whole = timeline.intervals(1000.0)

    thin = thinned(whole, 300)

    assert len(thin) <= 300
    assert LoadResult(thin).length_s == LoadResult(whole).length_s == 1000.0
    assert altogether(LoadResult(thin).endpoints) == altogether(LoadResult(whole).endpoints)


def test_a_process_that_fell_silent_is_lost() -> None:
    timeline = LoadTimeline()
    for generator, until in (("a", 20), ("b", 12), ("MasterRunner", 5)):
        tally = Tally(generator)
        for second in range(until):
            tally.beat(float(second), 0.1, 1.0, 0.0)
        timeline.receive(tally.take())

    assert timeline.lost(20.5) == ["b"]
