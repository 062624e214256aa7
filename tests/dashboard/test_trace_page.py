"""The page of a trace, of what the real engine keeps."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.builders import run_of

from outrider.dashboard import TelemetrySource
from outrider.model import AttemptTrace, Measurement, Outcome, SpanEvent, SpanLink

from .conftest import NOW_US
from .telemetry_scene import HOSTILE, NOW_NS, SECOND_NS, insert_rows, log_of, source, span_of

if TYPE_CHECKING:
    from outrider.model import Span
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

    from .conftest import Scene

MS = 1_000_000


@pytest.fixture
def trace() -> str:
    """The id of a trace that no other test has."""
    return uuid.uuid4().hex


def shop_trace(trace: str) -> list[Span]:
    """Return a trace of three services, in which the payment fails."""
    begin = NOW_NS - 60 * SECOND_NS
    error = SpanEvent(begin, "exception", {"exception.message": HOSTILE, "exception.stacktrace": "at pay.py:3"})
    return [
        span_of("front", "a" * 16, trace=trace, name="GET /checkout", time_ns=begin, duration_ns=100 * MS),
        span_of("catalogue", "b" * 16, "a" * 16, trace=trace, name="SELECT items", time_ns=begin + MS,
                duration_ns=30 * MS, attributes={"db.statement": "SELECT 1", HOSTILE: HOSTILE}),
        span_of("payment", "c" * 16, "a" * 16, trace=trace, name=f"pay {HOSTILE}", time_ns=begin + 40 * MS,
                duration_ns=50 * MS, status="Error", status_message="declined", events=(error,),
                links=(SpanLink("ef" * 16, "1" * 16, "", {}),)),
    ]  # fmt: skip


def page(scene: Scene, trace: str, more: str = "") -> str:
    (answer,) = scene.get(f"/traces/{trace}{more}")
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_trace_shows_its_spans_errors_and_where_the_time_went(
    scene: Scene, telemetry: ClickHouseClient, trace: str
) -> None:
    """Nested, with the critical path by service, and hostile names as text."""
    scene.telemetry = source(telemetry)
    insert_rows(telemetry, shop_trace(trace), trace)

    text = page(scene, trace)

    assert text.count('class="span"') + text.count('class="span wrong"') == 3
    assert '<summary class="span"' in text
    assert "declined" in text
    assert "100 ms" in text
    assert 'class="flame"' in text
    assert "<title>SELECT items · catalogue: 30 ms, 30 ms of its own</title>" in text
    assert text.index('<th scope="row"><bdi>payment') < text.index('<th scope="row"><bdi>catalogue')
    assert "<script>alert" not in text
    assert "\u202e" not in text


def test_a_span_shows_its_attributes_events_and_logs_in_place(
    scene: Scene, telemetry: ClickHouseClient, trace: str
) -> None:
    """Below its row; others are as they were. A record is found hours away, too, and links that narrow it find it."""
    scene.telemetry = source(telemetry)
    insert_rows(telemetry, shop_trace(trace), trace)
    record = log_of("payment", "card declined", ago_s=7_200, trace_id=trace, span_id="c" * 16)
    insert_rows(telemetry, [record], trace)

    text = page(scene, trace, f"?span={'c' * 16}")

    assert f'id="s-{"c" * 16}"' in text
    assert "at pay.py:3" in text
    assert f"/traces/{'ef' * 16}?span={'1' * 16}" in text
    assert "1 log" in text
    assert text.count("card declined") == 4  # line and text, in place and in the list of the trace
    assert "db.statement" not in text
    assert re.search(rf"/logs\?q=trace%3A{trace}\+since%3A\S+until", text)


@pytest.mark.parametrize("more", ["?span=-", "?span=%00", "?levels=all", "?levels=2", "?levels=critical", "?levels=."])
def test_odd_addresses_show_the_trace(scene: Scene, telemetry: ClickHouseClient, trace: str, more: str) -> None:
    """What is not there counts as not asked for."""
    scene.telemetry = source(telemetry)
    insert_rows(telemetry, shop_trace(trace), trace)

    page(scene, trace, more)


def test_broken_traces_are_shown_and_say_what_is_wrong(scene: Scene, telemetry: ClickHouseClient, trace: str) -> None:
    """A cycle, a missing parent, ids that are there twice, and times of 1970 and 2100."""
    scene.telemetry = source(telemetry)
    spans = [
        span_of("odd", "a" * 16, "b" * 16, trace=trace), span_of("odd", "b" * 16, "a" * 16, trace=trace),
        span_of("odd", "c" * 16, "d" * 16, trace=trace), span_of("odd", "c" * 16, "", trace=trace, name="twice"),
        span_of("odd", "e" * 16, "", trace=trace, time_ns=1, name="of 1970"),
        span_of("odd", "f" * 16, "", trace=trace, time_ns=4_102_444_800 * SECOND_NS, name="of 2100", duration_ns=0),
    ]  # fmt: skip
    insert_rows(telemetry, spans, trace)

    text = page(scene, trace)

    for words in ("it is its own ancestor", "its parent is not kept", "another span has its id", "of 1970", "of 2100"):
        assert words in text


def test_a_trace_that_is_not_kept_says_why_it_may_not_be(scene: Scene, telemetry: ClickHouseClient, trace: str) -> None:
    """With 404; also where the id is none."""
    scene.telemetry = source(telemetry)

    unknown, odd = scene.get(f"/traces/{trace}", "/traces/%3Cscript%3E")

    assert (unknown.status_code, odd.status_code) == (404, 404)
    assert "is kept" in unknown.text


def test_a_trace_leads_to_other_tools(scene: Scene, telemetry: ClickHouseClient, trace: str) -> None:
    """By its id, session and time; a template whose place is not known gives no link, and no value leaves its place."""
    links = {
        "Jaeger": "https://jaeger.example/trace/{trace}",
        "Replay": "https://replay.example/?s={session}",
        "Users": "https://users.example/{user}",
    }
    scene.telemetry = replace(source(telemetry), links=links)
    span = span_of("front", "a" * 16, trace=trace, attributes={"session.id": "a&b/<c>"})
    insert_rows(telemetry, [span], trace)

    text = page(scene, trace)

    assert f'href="https://jaeger.example/trace/{trace}"' in text
    assert 'href="https://replay.example/?s=a%26b%2F%3Cc%3E"' in text
    assert "users.example" not in text


def test_a_run_counts_the_spans_of_its_traces_and_says_why_some_have_none(
    scene: Scene, telemetry: ClickHouseClient, trace: str
) -> None:
    """Spans that are there by trace; those that are not with a reason; an engine that is away."""
    scene.telemetry = source(telemetry)
    insert_rows(telemetry, shop_trace(trace), trace)
    traces = (AttemptTrace(trace, "buy"), AttemptTrace("77" * 16, "buy"))
    run = run_of(Measurement(Outcome.PASSED, "", NOW_US - 62_000_000, 300.0, traces=traces), "probe:shop")
    scene.store.runs.record(run)

    (answer,) = scene.get(f"/runs/{run.id}")
    scene.telemetry = TelemetrySource(is_on=True)
    (away,) = scene.get(f"/runs/{run.id}")

    assert 'data-label="spans">3</td>' in answer.text
    assert 'data-label="spans">0</td>' in answer.text
    assert "1 of 2 traces have no spans: nothing that recorded our requests sent spans here" in answer.text
    assert "spans cannot be looked at: this workspace takes no telemetry" in away.text
