"""Telemetry through the API."""

from __future__ import annotations

import csv
import io
import json
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator
from tests.builders import run_of

from outrider.dashboard import TelemetrySource
from outrider.model import Kind, Measurement, Outcome, Sample, TelemetryUnavailable
from outrider.telemetry_store.page_view_search import PageViewSearch

from .conftest import NOW_US
from .telemetry_scene import HOSTILE, insert_page_views, insert_rows, log_of, mixed_logs, page_view, source, span_of

if TYPE_CHECKING:
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient
    from outrider.telemetry_store.telemetry_search import TelemetrySearch

    from .conftest import Scene


def test_answers_are_those_that_the_description_has(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """Lists, measures, traces and rates, hostile text among them."""
    scene.telemetry = source(telemetry)
    insert_rows(telemetry, mixed_logs(service), service)
    insert_rows(telemetry, [span_of(service, "a" * 16, trace="1f" * 16)], service)
    insert_page_views(telemetry)
    paths = {
        "/api/v1/logs": f"?q=service:{service}",
        "/api/v1/traces": f"?q=service:{service}&measure=p95(duration)&by=name&every=1m",
        "/api/v1/traces/{trace}": "",
        "/api/v1/services": "",
        "/api/v1/hosts": "",
        "/api/v1/vitals": "",
        "/api/v1/lab-and-field": "",
        "/api/v1/sessions": "",
        "/api/v1/sessions/{session}": "",
        "/api/v1/runtimes": f"?service={service}",
    }
    document = scene.get("/api/v1/openapi.json")[0].json()

    for path, more in paths.items():
        address = path.replace("{trace}", "1f" * 16).replace("{session}", f"{1:032x}")
        (answer,) = scene.get(f"{address}{more}")
        assert answer.status_code == 200, answer.text
        schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        Draft202012Validator({**schema, "components": document["components"]}).validate(answer.json())
        assert "\u202e" not in answer.text


def test_a_page_of_a_journey_stands_beside_the_same_one_at_users(scene: Scene, telemetry: ClickHouseClient) -> None:
    """On its own page, on the check's and through the API; the cache explains a part, and the rest is said."""
    scene.telemetry = source(telemetry)
    journey, url = scene.add("buy", Kind.JOURNEY), "https://lab.example/pay"
    samples = (Sample("pay", "lcp_ms lab.example/pay", 900.0), Sample("pay", "duration_ms", 1_500.0))
    seen = {"device": "desktop", "power": "high", "connection": "4g", "cache lab.example/pay": "empty"}
    for number in range(1, 31):
        at_us = NOW_US - number * 600_000_000
        samples = (replace(samples[0], value=880.0 + number), samples[1])
        scene.store.runs.record(
            run_of(Measurement(Outcome.PASSED, "", at_us, 1_500.0, samples=samples, attributes=seen), journey.id)
        )
    views = [page_view(number, session=f"{number + 900:032x}", view=f"{number + 900:016x}", page="/pay", url=url,
                       lcp_ms=(1_000.0, 5_000.0)[number % 2] + number) for number in range(120)]  # fmt: skip
    alone = page_view(1, session=f"{899:032x}", page="/alone")
    PageViewSearch(telemetry).insert_page_views([*views, alone], token="lab and field")

    of_page, of_check, api, other = scene.get(
        "/vitals?page=/pay",
        f"/checks/{journey.id}",
        f"/api/v1/lab-and-field?since=2024-10-03T12:00:00Z&check={journey.id}",
        "/vitals?page=/alone",
    )

    (found,) = api.json()["pages"]
    lcp = found["vitals"][0]
    assert (lcp["journey"]["views"], lcp["users"]["views"], lcp["is_sure"]) == (30, 120, True)
    explained = {part["factor"]: part["finding"] for part in lcp["parts"]}
    assert explained == {
        "cache": "explains", "device": "no more than chance", "connection": "no more than chance", "place": "not known",
    }  # fmt: skip
    assert lcp["not_explained"] == pytest.approx(lcp["difference"] - lcp["parts"][0]["part"])
    assert found["step_p75_ms"] == 1_500.0
    for page in (of_page.text, of_check.text):
        assert "lab.example/pay" in page
        assert "not explained: +" in page
        assert "seen with: empty cache, desktop, high power, 4g" in page
    assert "No journey opened this page" in other.text


def test_a_list_goes_on_by_its_cursor(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """To the last record, each once."""
    scene.telemetry = source(telemetry)
    insert_rows(telemetry, [log_of(service, f"line {number}") for number in range(7)], service)

    bodies: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        body = scene.get(f"/api/v1/logs?q=service:{service}&limit=3&before={cursor}")[0].json()
        bodies += [item["body"] for item in body["items"]]
        cursor = body["next"]

    assert sorted(bodies) == [f"line {number}" for number in range(7)]


def test_a_measure_is_counted_by_keys_and_time(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """As the commands print it."""
    scene.telemetry = source(telemetry)
    insert_rows(telemetry, mixed_logs(service), service)

    body = scene.get(f"/api/v1/logs?q=service:{service}&by=tenant")[0].json()

    assert body["measured"]["columns"] == ["tenant", "count"]
    assert ["acme", 2.0] in body["measured"]["rows"]
    assert body["items"] == []


@pytest.mark.parametrize(
    ("query", "column"),
    [('level:error "timed', 13), ("since:2100-01-01", 7), ("a level:loud", 9), ("since:1h until:2h", 0)],
)
def test_a_query_that_cannot_be_understood_names_its_column(
    scene: Scene, telemetry: ClickHouseClient, query: str, column: int
) -> None:
    """In problem details, for programs that point at it."""
    scene.telemetry = source(telemetry)

    (answer,) = scene.get(f"/api/v1/logs?q={quote(query)}")

    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["column"] == column
    assert answer.json()["type"].endswith("#bad-query")


@pytest.mark.parametrize(
    "asked",
    [
        "logs?limit=1000000", "logs?limit=-1", "logs?before=x", "logs?every=5", "logs?every=99999d&by=a",
        "traces?limit=0", f"logs?q={'x' * 5000}", "services?since=2100-01-01", "services?since=x",
        "hosts?since=2100-01-01", "services?synthetic=maybe", "runtimes",
        "runtimes?service=a&since=2020-01-01", "logs?by=a,b,c,d", "logs?measure=median", "logs?by=,",
    ],
)  # fmt: skip
def test_what_no_answer_has_is_refused(scene: Scene, telemetry: ClickHouseClient, asked: str) -> None:
    """With 400 and what would be right; a huge limit is not cut in silence."""
    scene.telemetry = source(telemetry)

    (answer,) = scene.get(f"/api/v1/{asked}")

    assert answer.status_code == 400, answer.text


def test_a_trace_that_nobody_knows_is_404(scene: Scene, telemetry: ClickHouseClient) -> None:
    """Also where its id is none."""
    scene.telemetry = source(telemetry)

    answers = scene.get(f"/api/v1/traces/{uuid.uuid4().hex}", "/api/v1/traces/none", f"/api/v1/traces/{quote(HOSTILE)}")

    assert [answer.status_code for answer in answers] == [404, 404, 404]


def test_telemetry_that_is_off_or_away_is_a_problem_that_says_so(scene: Scene) -> None:
    """404 where the workspace takes none, 503 where the engine is away."""
    (off,) = scene.get("/api/v1/logs")

    def away() -> TelemetrySearch:
        raise TelemetryUnavailable("the telemetry engine does not run", slug="telemetry-unreachable", fix="wait")

    scene.telemetry = TelemetrySource(is_on=True, reader=away)
    (unreachable,) = scene.get("/api/v1/traces")

    assert (off.status_code, unreachable.status_code) == (404, 503)
    assert off.json()["type"].endswith("#telemetry-off")
    assert unreachable.headers["Retry-After"]


def test_what_a_query_finds_is_saved_as_a_file(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """All of it, page by page, each record once, as lines of JSON or CSV; hostile text is text."""
    scene.telemetry = source(telemetry)
    insert_rows(telemetry, [log_of(service, f"line {number}") for number in range(4_500)], service)
    insert_rows(telemetry, [log_of(service, HOSTILE)], f"{service} hostile")

    path = f"/api/v1/logs/export?q=service:{service}"
    lines, table, cut = scene.get(path, f"{path}&format=csv", f"{path}&limit=10")

    bodies = {json.loads(line)["body"] for line in lines.text.splitlines()}
    assert len(lines.text.splitlines()) == len(bodies) == 4_501
    assert len(list(csv.DictReader(io.StringIO(table.text)))) == 4_501
    assert len(cut.text.splitlines()) == 10
    assert "\u202e" not in lines.text + table.text
    assert lines.headers["Content-Disposition"] == 'attachment; filename="logs.ndjson"'


@pytest.mark.parametrize("asked", ["?limit=100001", "?format=xml", "?q=%22", "?q=since:2100-01-01"])
def test_an_export_that_cannot_be_is_refused_before_it_begins(
    scene: Scene, telemetry: ClickHouseClient, asked: str
) -> None:
    """With 400, and not with a file that is cut."""
    scene.telemetry = source(telemetry)

    (answer,) = scene.get(f"/api/v1/logs/export{asked}")

    assert answer.status_code == 400
