"""The page that searches spans, of what the real engine keeps."""

from __future__ import annotations

import re
import uuid
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from .telemetry_scene import NOW_NS, insert_rows, source, span_of

if TYPE_CHECKING:
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

    from .conftest import Scene

MS = 1_000_000


@pytest.fixture
def spans(scene: Scene, telemetry: ClickHouseClient, service: str) -> str:
    """The name of a service with a hundred spans, the slowest of which failed."""
    scene.telemetry = source(telemetry)
    rows = [
        span_of(
            service, f"{number:016x}", "" if number % 2 else "f" * 16, trace=uuid.uuid4().hex, name=f"op {number % 3}",
            time_ns=NOW_NS - number * 1_000 * MS, duration_ns=(number + 1) * MS,
            status="Error" if number == 99 else "Unset", status_message="declined" if number == 99 else "",
        )
        for number in range(100)
    ]  # fmt: skip
    insert_rows(telemetry, rows, service)
    return service


def test_a_query_finds_spans_durations_and_facets(scene: Scene, spans: str) -> None:
    """The newest first; a bar narrows the query to what took so long, a facet to a value."""
    (answer,) = scene.get(f"/traces?q=service:{spans}")

    assert answer.text.index(">1.0 ms<") < answer.text.index(">2.0 ms<")
    assert "100 spans, 1 failed" in answer.text
    last = unescape(re.findall(r'<a href="([^"]*)" aria-label="[^"]*1 failed', answer.text)[0])
    (slow,) = scene.get(last)
    assert "declined" in slow.text
    assert "duration&gt;=" in slow.text
    assert re.search(r"<bdi>op 0</bdi></a><small>34</small>", answer.text)


def test_what_slow_spans_have_in_common_stands_beside_the_others(
    scene: Scene, telemetry: ClickHouseClient, service: str
) -> None:
    """The value that most of them have and few others, which leads to its spans; what all have is left out."""
    scene.telemetry = source(telemetry)
    rows = [
        span_of(
            service, f"{number:016x}", trace=uuid.uuid4().hex, time_ns=NOW_NS - number * 1_000 * MS,
            duration_ns=(900 if number < 12 else 10 + number % 7) * MS,
            attributes={"tenant": "big <b>" if number < 10 or number > 190 else "small", "region": "north"},
        )
        for number in range(200)
    ]  # fmt: skip
    insert_rows(telemetry, rows, service)

    compared, few = scene.get(f"/traces?q=service:{service}&compare=1", "/traces?q=service:none&compare=1")

    section = compared.text.split('id="slow"')[1].split("</section>")[0]
    assert re.search(r"12 spans</a> from 8\d\d ms on beside 188 others", section)
    row = re.search(r'tenant</bdi> <a href="([^"]*)"><bdi>big &lt;b&gt;</bdi>.*?>83 %<.*?>5 %<', section, re.DOTALL)
    assert row is not None
    assert "north" not in section
    assert "19 spans" in scene.get(unescape(row[1]))[0].text
    assert "Too few to compare" in few.text


def test_spans_that_begin_a_trace_and_errors_are_one_click_away(scene: Scene, spans: str) -> None:
    """As queries like any other."""
    (answer,) = scene.get(f"/traces?q=service:{spans}")
    links = dict(re.findall(r'<a href="([^"]*)">(beginnings of traces|errors)</a>', answer.text))

    pages = {name: scene.get(unescape(path))[0].text for path, name in links.items()}

    assert "50 spans, 1 failed" in pages["beginnings of traces"]
    assert "1 span, 1 failed" in pages["errors"]


def test_pages_of_spans_go_on_where_they_end(scene: Scene, spans: str) -> None:
    """Each span is on one of them."""
    paths, path = [], f"/traces?q=service:{spans}"
    while path:
        (answer,) = scene.get(path)
        paths += re.findall(r'<a href="(/traces/[^"?]*)', answer.text)
        path = unescape("".join(re.findall(r'rel="next" href="([^"]*)"', answer.text)))

    assert len(paths) == len(set(paths)) == 100


@pytest.mark.parametrize("query", ["duration>fast", "status:(", 'name:"', "kind>3", "since:2100-01-01"])
def test_a_query_of_spans_that_cannot_be_understood_is_shown(
    scene: Scene, telemetry: ClickHouseClient, query: str
) -> None:
    """With 400, and the query in its field."""
    scene.telemetry = source(telemetry)

    (answer,) = scene.get(f"/traces?q={quote(query)}")

    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
