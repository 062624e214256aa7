"""Pages of log records, of what the real engine keeps."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from outrider.dashboard import TelemetrySource
from outrider.model import RecordKind, TelemetryUnavailable
from outrider.telemetry_store import QueryLimits
from outrider.telemetry_store.telemetry_search import TelemetrySearch

from .telemetry_scene import HOSTILE, NOW_NS, insert_rows, log_of, mixed_logs, source

if TYPE_CHECKING:
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

    from .conftest import Scene


def found(scene: Scene, query: str, more: str = "") -> str:
    (answer,) = scene.get(f"/logs?q={quote(query)}{more}")
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_query_finds_records_their_levels_and_facets(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """The newest first, with a histogram, and values whose links narrow the query."""
    scene.telemetry = source(telemetry)
    insert_rows(telemetry, mixed_logs(service), service)

    text = found(scene, f"service:{service}")

    assert text.index("order 4711 created") < text.index("slow query") < text.index("payment timed out")
    assert "7 records" in text
    assert "1 record (1 warn)" in text
    (narrower,) = re.findall(r'<a href="(/logs\?q=[^"]*)"><bdi>acme</bdi></a><small>2</small>', text)
    (answer,) = scene.get(unescape(narrower))
    assert "2 records" in answer.text
    assert "slow query" not in answer.text


def test_patterns_of_records_lead_to_them(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """What records say, without what differs, the most frequent first; hostile text stays text."""
    scene.telemetry = source(telemetry)
    insert_rows(telemetry, mixed_logs(service), service)
    insert_rows(telemetry, [log_of(service, f"order {number} created") for number in range(3)], f"{service} more")

    text = found(scene, f"service:{service}", "&patterns=1")

    assert "<script>alert" not in text
    (narrower,) = re.findall(r'<a href="(/logs\?q=[^"]*)"><bdi>order \* created</bdi></a>', text)
    (answer,) = scene.get(unescape(narrower))
    assert "4 records" in answer.text


def test_an_expanded_record_shows_all_that_it_says(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """Attributes as a tree, its trace, and what its service said before and after it."""
    scene.telemetry = source(telemetry)
    insert_rows(telemetry, mixed_logs(service), service)

    text = found(scene, f"service:{service} timed")

    assert f'href="/traces/{"ab" * 16}?span={"cd" * 8}"' in text
    assert "<b><bdi>sku</bdi></b>" in text
    (around,) = re.findall(r'href="(/logs/around[^"]*)"', text)
    (answer,) = scene.get(unescape(around))
    assert answer.text.count("<li data-key") == 7
    assert answer.text.count('aria-current="true"><details') == 1


def test_hostile_text_is_text(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """No markup of a target reaches the page, nothing turns the reading direction, and huge values are cut."""
    scene.telemetry = source(telemetry)
    insert_rows(telemetry, mixed_logs(service), service)

    text = found(scene, f"service:{service}")

    assert "<script>alert" not in text
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert "{{7*7}}" in text
    assert "cut: 300,000 characters" in text
    assert len(text) < 400_000
    found(scene, f'"{HOSTILE}"'.replace("'", ""))


def test_pages_go_on_where_they_end(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """Every record is on one of them, although all have one time."""
    scene.telemetry = source(telemetry)
    insert_rows(telemetry, [log_of(service, f"line {number:03d}.") for number in range(120)], service)

    lines, path = [], f"/logs?q=service:{service}"
    while path:
        (answer,) = scene.get(path)
        lines += re.findall(r'class="line"><bdi>(line \d+)\.', answer.text)
        path = unescape("".join(re.findall(r'rel="next" href="([^"]*)"', answer.text)))

    assert sorted(lines) == [f"line {number:03d}" for number in range(120)]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ('service:a "timed out', "the quote is not closed"),
        ("since:2100-01-01", "lies in the future"),
        ("level:loud", "is no level"),
        ("a OR since:2h", "since bounds the whole query"),
        ("(" * 60 + "a" + ")" * 60, "nests more than"),
        ("x" * 5000, "longer than 4000 characters"),
        ("since:1h until:2h", "since is not before until"),
    ],
)
def test_a_query_that_cannot_be_understood_is_shown_with_its_place(
    scene: Scene, telemetry: ClickHouseClient, query: str, message: str
) -> None:
    """The field keeps what was written, and the answer is 400."""
    scene.telemetry = source(telemetry)

    (answer,) = scene.get(f"/logs?q={quote(query)}")

    assert answer.status_code == 400
    assert message in unescape(answer.text)
    assert 'aria-invalid="true"' in answer.text


@pytest.mark.parametrize(
    "more",
    ["&before=x", "&before=9999999999999999999.1", "&before=1.99999", "&before=-1.0", "&wrap=1&before=", "&limit=99"],
)
def test_odd_addresses_are_answered(scene: Scene, telemetry: ClickHouseClient, more: str) -> None:
    """What cannot be read counts as not asked for."""
    scene.telemetry = source(telemetry)

    found(scene, "service:none", more)


def test_records_of_1970_and_2100_are_shown(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """Clocks of senders may be wrong; the time of a query may be as long as that."""
    scene.telemetry = source(telemetry)
    rows = [log_of(service, "first", time_ns=1), log_of(service, "last", time_ns=4_102_444_800 * 10**9)]
    insert_rows(telemetry, rows, service)

    text = found(scene, f"service:{service} since:1970-01-01 until:2101-01-01")

    assert "1 Jan 2100" in text
    assert "1 Jan 1970" in text
    (answer,) = scene.get(f"/logs/around?service={service}&at=1")
    assert "first" in answer.text


def test_a_query_that_takes_too_much_is_told_so(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """With the query in its field, to be narrowed."""
    insert_rows(telemetry, [log_of(service)], service)
    search = TelemetrySearch(telemetry, clock=lambda: NOW_NS, limits=QueryLimits(memory_bytes=1))
    scene.telemetry = TelemetrySource(is_on=True, reader=lambda: search)

    (answer,) = scene.get(f"/logs?q=service:{service}")

    assert answer.status_code == 503
    assert "it needs too much memory" in answer.text
    assert f'value="service:{service}"' in answer.text


def test_an_engine_that_is_away_is_a_page_that_says_so(scene: Scene) -> None:
    """With what to do, and when to ask again; the other pages do not need it."""

    def away() -> TelemetrySearch:
        raise TelemetryUnavailable("the telemetry engine does not run", slug="telemetry-unreachable", fix="wait")

    scene.telemetry = TelemetrySource(is_on=True, reader=away)

    logs, overview = scene.get("/logs", "/")

    assert (logs.status_code, overview.status_code) == (503, 200)
    assert "the telemetry engine does not run" in logs.text
    assert logs.headers["Retry-After"]


def test_pages_lead_to_logs_only_where_telemetry_is_on(scene: Scene, telemetry: ClickHouseClient) -> None:
    """Where it is off, the page of logs says how it is switched on."""
    off, overview = scene.get("/logs", "/")
    scene.telemetry = source(telemetry)
    (with_telemetry,) = scene.get("/")

    assert off.status_code == 404
    assert "add a section [telemetry] to outrider.toml" in off.text
    assert 'href="/logs"' not in overview.text
    assert 'href="/logs"' in with_telemetry.text


def test_facets_are_of_the_newest_records_alone(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """However many match, counting them is bounded."""
    insert_rows(telemetry, [log_of(service, ago_s=ago_s) for ago_s in range(1, 11)], service)
    search = TelemetrySearch(telemetry, clock=lambda: NOW_NS)

    [facet] = search.facet_counts(RecordKind.LOGS, f"service:{service}", ["service"], newest=4)

    assert facet.values == ((service, 4),)
