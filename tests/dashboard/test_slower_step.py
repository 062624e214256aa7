"""The page of an incident, and the API, say where the extra time of a step is."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from tests.builders import run_of
from tests.traced_steps import SLOWER_RUNS, slower_runs

from outrider.alerts import Facts, Problem
from outrider.dashboard import incident_quotes
from outrider.model import (
    ArtifactFile,
    ArtifactKind,
    AttemptTrace,
    CheckId,
    Kind,
    Measurement,
    Outcome,
    Sample,
    Step,
    StepKind,
)

from .conftest import MINUTE_US, NOW_US
from .telemetry_scene import HOSTILE, insert_rows, source
from .test_run_page import entry, har

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outrider.alerts import Incident
    from outrider.model import Span
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

    from .conftest import Scene

SLOWER_SINCE_US = NOW_US - SLOWER_RUNS * MINUTE_US


def slower_shop(
    scene: Scene, telemetry: ClickHouseClient, service: str, send: Callable[[int, list[Span]], list[Span]] | None = None
) -> Incident:
    """Return an incident of a step that is slower since half an hour; `send` changes a run's spans by its number."""
    scene.telemetry = source(telemetry)
    check = scene.add("journey:shop", Kind.JOURNEY)
    played = slower_runs(NOW_US, service, statement=f"SELECT {HOSTILE}", check=check.id)
    scene.store.runs.record_many([run for run, _ in played])
    sent = [send(number, spans) if send else spans for number, (_, spans) in enumerate(played)]
    insert_rows(telemetry, [span for spans in sent for span in spans], service)
    lead = Facts("390 ms", step="list", run=played[0][0].id, since_us=SLOWER_SINCE_US, title=check.title)
    return scene.incident(check, Problem.DEGRADATION, lead=lead, since_us=SLOWER_SINCE_US)


def test_it_names_the_query_with_its_interval(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """Of twenty runs on each side; the parts add up to the whole, and a part leads to its spans."""
    incident = slower_shop(scene, telemetry, service)

    page, answer = scene.get(f"/incidents/{incident.id}", f"/api/v1/incidents/{incident.id}")
    scene.telemetry = replace(scene.telemetry, explains=False)
    plain, none = scene.get(f"/incidents/{incident.id}", f"/api/v1/incidents/{incident.id}")

    assert (plain.status_code, none.json()["slower"], none.json()["changes"]) == (200, None, None)
    assert not any(title in plain.text for title in ("Where the time went", "Suspects", "What changed", "Lead time"))
    assert page.status_code == 200
    assert "of +310 ms (310 to 310), +310 ms" in page.text
    assert "<script>alert(1)" not in page.text
    assert f"service%3A{service}" in page.text
    slower = answer.json()["slower"]
    *parts, whole = slower["parts"]
    assert slower["compared"].startswith("20 runs before and 20 since")
    assert [(part["service"], part["count"]) for part in parts] == [(service, "1"), ("", ""), ("", ""), ("", "")]
    assert sum(part["extra_ms"] for part in parts) == pytest.approx(whole["extra_ms"])


def test_what_arrives_late_and_twice_is_read_once_it_is_there(
    scene: Scene, telemetry: ClickHouseClient, service: str
) -> None:
    """Until then it says so; a trace that other runs name too, and one of 100,000 spans, are left out."""
    late: list[Span] = []

    def hold(number: int, spans: list[Span]) -> list[Span]:
        if number == 1:
            many = [spans[1]._replace(span_id=f"{place:016x}") for place in range(100_000)]
            return [*many, spans[0]._replace(trace_id=uuid.uuid4().hex)]
        if number < SLOWER_RUNS:
            late.extend(spans)
            return []
        return spans

    incident = slower_shop(scene, telemetry, service, hold)
    address = f"/api/v1/incidents/{incident.id}"
    (early,) = scene.get(address)
    shared = next(span.trace_id for span in late)
    again = run_of(
        Measurement(Outcome.PASSED, "", NOW_US, 9.0, traces=(AttemptTrace(shared, "list"),)), CheckId("probe:other")
    )
    scene.store.runs.record(again)
    insert_rows(telemetry, late, f"late {service}")
    insert_rows(telemetry, late, f"again {service}")
    (answer,) = scene.get(address)

    assert "no run since it got slower has traces to compare" in early.json()["slower"]["unknown"]
    slower = answer.json()["slower"]
    assert slower["lines"][0].startswith("of +310 ms (310 to 310), +310 ms (310 to 310) in SELECT")
    assert slower["parts"][0]["count"] == "1"
    assert slower["compared"].startswith("20 runs before and 18 since")
    assert "1 left out, as its traces have more than 5,000 spans" in slower["compared"]
    assert "1 left out, as other runs have its trace ids, too" in slower["compared"]


def test_it_says_why_it_does_not_know(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """A step that was called otherwise before, traces that are gone, a run that is gone; nothing without telemetry."""
    incident = slower_shop(scene, telemetry, service)
    leads = [
        replace(incident.lead, step="renamed"),
        replace(incident.lead, since_us=NOW_US - 2 * MINUTE_US),
        replace(incident.lead, run="0199" * 8),
    ]

    check = scene.add("other")
    ids = [scene.incident(check, Problem.DEGRADATION, lead=lead).id for lead in leads]
    texts = [answer.text for answer in scene.get(*(f"/incidents/{name}" for name in ids))]
    scene.telemetry = replace(scene.telemetry, is_on=False)
    (off,) = scene.get(f"/incidents/{incident.id}")

    assert "no run before it got slower has a step &#39;renamed&#39;" in texts[0]
    assert "only 2 runs since it got slower have traces to compare, and it takes 3" in texts[1]
    assert "Not known: there is no run" in texts[2]
    assert "Where the time went" not in off.text


def test_without_telemetry_the_requests_of_a_journey_say_it(scene: Scene, tmp_path: Path) -> None:
    """By the HARs of its runs: the third party that answers later, its style sheet that is another, a new request."""
    check = scene.add("journey:shop", Kind.JOURNEY)
    runs = []
    for number in range(1, 31):
        wait_ms = (360.0 if number <= 5 else 60.0) + number % 2
        at_us = NOW_US - (number if number <= 10 else 60 * (number - 9)) * MINUTE_US
        began = datetime.fromtimestamp(at_us / 1e6, UTC).isoformat()
        third = entry("http://fonts.example/a.css", startedDateTime=began, timings={"ssl": 3, "wait": wait_ms})
        third |= {"_resourceType": "stylesheet"}
        third["response"] |= {"headers": [{"name": "ETag", "value": f"v{1 + (number <= 5)}"}]}
        more = [entry("http://ads.example/", startedDateTime=began)] if number <= 5 else []
        path = tmp_path / f"{number}.har"
        path.write_bytes(har(third, *more))
        file = ArtifactFile(ArtifactKind.HAR, "run.har", "application/json", path)
        step = Step("list", "list", StepKind.NAMED, 0.0, wait_ms + 40.0)
        runs.append(run_of(Measurement(Outcome.PASSED, "", at_us, 500.0, (step,), artifacts=(file,)), check.id))
    scene.store.runs.record_many(runs)
    since_us = runs[4].due_us
    lead = Facts("400 ms", step="list", run=runs[0].id, since_us=since_us, title="list")
    labels = {"check": check.id, "location": "local"}
    incident = scene.incident(check, Problem.DEGRADATION, lead=lead, since_us=since_us, labels=labels)

    (answer,) = scene.get(f"/api/v1/incidents/{incident.id}")

    slower = answer.json()["slower"]
    assert slower["lines"] == [
        "of +300 ms (300 to 300), +300 ms (300 to 300) in answer of GET /a.css of fonts.example",
        "new requests: ads.example",
    ]
    assert slower["compared"].endswith("by the browser's requests, since the workspace takes no traces")
    assert [(own["kind"], own["text"], own["stands_out"]) for own in answer.json()["changes"]["changes"]] == [
        ("script or style sheet", "fonts.example/a.css: a.css v1 → a.css v2", True)
    ]  # fmt: skip


def test_without_telemetry_the_phases_of_a_probe_say_it(scene: Scene) -> None:
    """On the page, in the API, and in a message."""
    check = scene.add("home")
    runs = []
    for number in range(1, 41):
        tls_ms = (320.0 if number <= 20 else 20.0) + number % 3
        samples = (Sample("request", "tls_ms", tls_ms), Sample("request", "first_byte_ms", 80.0))
        step = Step("request", "request", StepKind.AUTOMATIC, 0.0, tls_ms + 81.0)
        at_us = NOW_US - number * MINUTE_US
        measured = Measurement(Outcome.PASSED, "", at_us, 500.0, steps=(step,), samples=samples)
        runs.append(run_of(measured, check.id))
    scene.store.runs.record_many(runs)
    since_us = runs[19].due_us
    lead = Facts("400 ms", step="request", run=runs[0].id, since_us=since_us, title="home")
    incident = scene.incident(check, Problem.DEGRADATION, lead=lead, since_us=since_us)

    page, answer = scene.get(f"/incidents/{incident.id}", f"/api/v1/incidents/{incident.id}")

    assert " in TLS handshake</bdi>" in page.text
    slower = answer.json()["slower"]
    *parts, whole = slower["parts"]
    assert [part["name"] for part in parts] == ["TLS handshake", "other phases", "outside of what was measured"]
    assert sum(part["extra_ms"] for part in parts) == pytest.approx(whole["extra_ms"])
    assert slower["compared"].endswith("by what the prober measured, since the workspace takes no traces")
    [quote] = incident_quotes(scene.store, None, incident, NOW_US)
    assert quote.text.endswith(" in TLS handshake")
