"""Log records as they come in, from a real server over the real engine."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.routing import Route
from tests.page_patterns import opened
from tests.server.test_live_stream import fields, reading

from outrider.dashboard import TelemetrySource, page_assets
from outrider.model import TelemetryUnavailable
from outrider.server import Background, listen
from outrider.server.log_tail import MOST_QUERIES, LogTail, LogTails

from .telemetry_scene import HOSTILE, insert_rows, log_of, source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from outrider.telemetry_store.clickhouse_client import ClickHouseClient
    from outrider.telemetry_store.telemetry_search import TelemetrySearch

    from .conftest import Scene


@contextmanager
def served(application: Any) -> Iterator[str]:
    listener = listen("127.0.0.1", 0)
    server = Background(application, listener)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.close()


def rows_of(lines: Iterator[str]) -> str:
    """Return the rows of the next event."""
    data: dict[str, Any] = json.loads(fields(lines)["data"])
    return str(data["rows"])


def test_one_search_serves_all_who_watch_a_query(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """Each record is told once, however often it is found, as rows of the page."""
    scene.telemetry = source(telemetry)
    tail = LogTail(scene.sources, f"service:{service}", "", lambda _: True, look_s=0.01)
    with (
        served(Starlette(routes=[Route("/live", tail.answer)])) as address,
        reading(f"{address}/live") as first, reading(f"{address}/live") as second,
    ):  # fmt: skip
        insert_rows(telemetry, [log_of(service, HOSTILE, ago_s=1)], f"{service} 1")
        rows = [rows_of(first), rows_of(second)]
        insert_rows(telemetry, [log_of(service, "second", ago_s=1)], f"{service} 2")
        later = [rows_of(first), rows_of(second)]

    assert rows[0] == rows[1]
    assert rows[0].count("data-key") == later[0].count("data-key") == 1
    assert "<script>alert" not in rows[0]
    assert "\u202e" not in rows[0]
    assert later[0] == later[1]


def test_who_comes_again_is_told_what_was_missed(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """As long as it is remembered; else the page is fetched anew."""
    scene.telemetry = source(telemetry)
    tail = LogTail(scene.sources, f"service:{service}", "", lambda _: True, look_s=0.01)
    with served(Starlette(routes=[Route("/live", tail.answer)])) as address:
        with reading(f"{address}/live") as lines:
            insert_rows(telemetry, [log_of(service, "first", ago_s=1)], f"{service} 1")
            mark = fields(lines)["id"]
            insert_rows(telemetry, [log_of(service, "second", ago_s=1)], f"{service} 2")
            assert "second" in rows_of(lines)

        with reading(f"{address}/live", **{"Last-Event-ID": mark}) as lines:
            again = rows_of(lines)
        with reading(f"{address}/live", **{"Last-Event-ID": "of another server"}) as lines:
            unknown = json.loads(fields(lines)["data"])

    assert "second" in again
    assert "first" not in again
    assert unknown == {"everything": True}


def test_a_tail_that_cannot_search_says_why_once(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """And goes on when it can."""
    is_away = True
    reachable = source(telemetry).reader()

    def reader() -> TelemetrySearch:
        if is_away:
            raise TelemetryUnavailable("the telemetry engine does not run", slug="telemetry-unreachable", fix="wait")
        assert not isinstance(reachable, type)
        return reachable  # type: ignore[return-value]  # the port that it implements

    scene.telemetry = TelemetrySource(is_on=True, reader=reader)
    tail = LogTail(scene.sources, f"service:{service}", "", lambda _: True, look_s=0.01)
    with served(Starlette(routes=[Route("/live", tail.answer)])) as address, reading(f"{address}/live") as lines:
        problem = json.loads(fields(lines)["data"])
        is_away = False
        well = json.loads(fields(lines)["data"])

    assert problem == {"problem": "the telemetry engine does not run"}
    assert well == {"rows": "", "skips": False}


@pytest.mark.parametrize(("query", "status"), [('"unclosed', 400), ("since:2100-01-01 (", 400)])
def test_what_cannot_be_watched_is_refused(scene: Scene, telemetry: ClickHouseClient, query: str, status: int) -> None:
    """A query that is none; and telemetry that is off or away."""
    (off,) = scene.get("/logs/live?q=a")
    scene.telemetry = source(telemetry)

    (answer,) = scene.get(f"/logs/live?q={quote(query)}")

    assert (off.status_code, answer.status_code) == (404, status)


def test_watched_queries_are_bounded(scene: Scene, telemetry: ClickHouseClient) -> None:
    """One more is refused, one of the others may be watched by more; what nobody watches any more makes room."""
    scene.telemetry = source(telemetry)
    tails = LogTails(scene.sources, lambda _: True)
    application = Starlette(routes=[Route("/logs/live", tails.answer)])
    with served(application) as address, ExitStack() as watched:
        for number in range(MOST_QUERIES):
            watched.enter_context(reading(f"{address}/logs/live?q=query{number}"))

        refused = httpx.get(f"{address}/logs/live?q=another", timeout=30)
        with reading(f"{address}/logs/live?q=query0"):
            pass
    gone = LogTails(scene.sources, lambda _: True)
    known = [gone._tail(f"query {number}", "") for number in range(MOST_QUERIES * 3)]

    assert (refused.status_code, "20 are watched already" in refused.text) == (503, True)
    assert None not in known


@pytest.mark.browser
@pytest.mark.skipif("pages.js" not in page_assets(), reason="scripts are not built: npm --prefix frontend run build")
def test_a_live_page_shows_records_as_they_come_in(
    chromium: Browser, scene: Scene, telemetry: ClickHouseClient, service: str
) -> None:
    """In the order of their time; paused, they wait; nothing breaks the page's policy."""
    scene.telemetry = source(telemetry)
    insert_rows(telemetry, [log_of(service, "earlier", ago_s=5)], f"{service} 0")
    complaints: list[str] = []
    with served(scene.application) as address:
        page = opened(chromium, f"{address}/logs?q=service:{service}&live=1", complaints)
        expect(page.locator("#tail-state")).to_contain_text("Live.")
        insert_rows(telemetry, [log_of(service, HOSTILE, ago_s=1)], f"{service} 1")
        expect(page.locator(".records .line")).to_have_count(2)
        expect(page.locator(".records .line").first).to_contain_text("<script>alert(1)</script>")

        page.get_by_role("button", name="Pause").click()
        insert_rows(telemetry, [log_of(service, "third", ago_s=0.5)], f"{service} 2")
        expect(page.locator("#tail-state")).to_contain_text("1 wait")
        assert page.locator(".records .line").count() == 2
        page.get_by_role("button", name="Pause").click()
        expect(page.locator(".records .line").first).to_have_text("third")
        insert_rows(telemetry, [log_of(service, "late", ago_s=8)], f"{service} 3")
        expect(page.locator(".records .line").last).to_have_text("late")
        page.close()

    assert complaints == []
