"""The page of a run: what it did step by step, what it asked for, and what differs from the last good run."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.builders import run_of

from outrider.causes.har_requests import MOST_REQUESTS, wire_requests
from outrider.dashboard import TelemetrySource, run_detail
from outrider.model import (
    ArtifactFile,
    ArtifactKind,
    Attempt,
    AttemptTrace,
    ErrorRecord,
    ErrorSource,
    HostLoad,
    Measurement,
    Outcome,
    Sample,
    Step,
    StepKind,
    TraceSource,
)

from .conftest import HOUR_US, MINUTE_US, NOW_US, check

if TYPE_CHECKING:
    from outrider.model import Check, Run

    from .conftest import Scene

HOSTILE = "<script>alert(1)</script>"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def entry(url: str, status: int = 200, took_ms: float = 80.0, **changes: Any) -> dict[str, Any]:
    response = {"status": status, "_transferSize": 120}
    request = {"method": "GET", "url": url, "headers": []}
    timings = {"dns": 3, "connect": -1, "wait": took_ms - 10, "receive": 7}
    began = "2024-10-04T12:00:00.000Z"
    return {"startedDateTime": began, "time": took_ms, "request": request, "response": response, "timings": timings,
            **changes}  # fmt: skip


def har(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"log": {"entries": entries}}).encode()


def journey_run(scene: Scene, folder: Path, of: Check, ago_us: int, *, outcome: Outcome, content: bytes) -> Run:
    """Store a run with steps, a HAR and a screenshot."""
    is_good = outcome is Outcome.PASSED
    due_us = NOW_US - ago_us
    (folder / f"{ago_us}.har").write_bytes(content)
    (folder / f"{ago_us}.png").write_bytes(PIXEL)
    pay_ms, error = (100.0, None) if is_good else (None, HOSTILE)
    steps = (
        Step("open", "Open the shop", StepKind.NAMED, 0.0, 200.0),
        Step("pay", f"Pay {HOSTILE}", StepKind.NAMED, 200.0, pay_ms, error=error),
    )
    measurement = Measurement(
        outcome, "" if is_good else f"time-out {HOSTILE}", due_us, 300.0, steps,
        samples=(Sample("", "duration_ms", 300.0), Sample("", "lcp_ms", 900.0), Sample("open", "duration_ms", 200.0)),
        errors=() if is_good else (ErrorRecord(ErrorSource.CONSOLE, HOSTILE, HOSTILE, HOSTILE, HOSTILE),),
        host=HostLoad(2, 1.0, 0.1, 0.2, 2_000_000_000),
        artifacts=(
            ArtifactFile(ArtifactKind.HAR, "run.har", "application/json", folder / f"{ago_us}.har"),
            ArtifactFile(ArtifactKind.SCREENSHOT, f"{HOSTILE}.png", "image/png", folder / f"{ago_us}.png"),
        ),
    )  # fmt: skip
    run = run_of(measurement, of.id, location=of.policy.locations[0])
    run = replace(run, circumstances=replace(run.circumstances, snapshot="0123456789abcdef"))
    run = replace(run, attempts=(*run.attempts, Attempt(2, False, True, replace(measurement, artifacts=()))))
    scene.store.runs.record(run)
    return run


@pytest.fixture
def runs(scene: Scene, tmp_path: Path) -> tuple[Run, Run]:
    """A good run, and a later one that failed."""
    shop = scene.add("shop")
    good = journey_run(
        scene, tmp_path, shop, HOUR_US, outcome=Outcome.PASSED, content=har(entry("https://shop.example/api?a=1"))
    )
    failing = har(entry("https://shop.example/api?a=2", 500, 900.0), entry(f"https://shop.example/{HOSTILE}"))
    return good, journey_run(scene, tmp_path, shop, MINUTE_US, outcome=Outcome.FAILED, content=failing)


def test_a_run_is_compared_with_the_last_good_one(scene: Scene, runs: tuple[Run, Run]) -> None:
    """Steps, requests and the picture of the one before in the same place."""
    good, bad = runs

    detail = run_detail(scene.sources, bad.id)

    assert detail.good is not None
    assert detail.good.run.id == good.id
    assert [(pair.name[:4], pair.difference) for pair in detail.good.steps] == [("Open", ""), ("Pay ", "failed")]
    assert [(pair.address, pair.difference) for pair in detail.good.requests][:1] == [
        ("https://shop.example/api", "fails")
    ]
    assert [artifact.kind for artifact in detail.good.artifacts] == [ArtifactKind.HAR, ArtifactKind.SCREENSHOT]
    assert detail.earlier == good.id
    assert run_detail(scene.sources, good.id).good is None


def test_the_page_shows_steps_attempts_requests_and_artifacts_as_text(scene: Scene, runs: tuple[Run, Run]) -> None:
    """Nothing that the target sent is markup; a picture is embedded, never served."""
    good, bad = runs

    (page,) = scene.get(f"/runs/{bad.id}")

    assert page.status_code == 200
    assert "<script>alert" not in page.text
    for text in ("Open the shop", "never ended", "Attempt 2", "evidence, not a measurement", "2 requests with phases"):
        assert text in page.text
    assert page.text.count('src="data:image/png') == 4  # each beside the other, and one over the other
    assert f'href="/runs/{good.id}"' in page.text
    assert page.text.count("<script") == page.text.count("<script src=")


@pytest.mark.parametrize("name", ["none", "%2e%2e", "0123456789abcdef", "../../etc/passwd", "%00", "x" * 5_000, "*"])
def test_an_id_that_is_none_is_not_found(scene: Scene, runs: tuple[Run, Run], name: str) -> None:
    """And is no path: nothing but a run answers."""
    (page,) = scene.get(f"/runs/{name}")

    assert page.status_code == 404
    assert len(page.content) < 5_000


def test_an_end_of_an_id_is_enough_where_it_is_unique(scene: Scene, runs: tuple[Run, Run]) -> None:
    """As on the command line."""
    unique, ambiguous = scene.get(f"/runs/{runs[1].id[-8:]}", f"/runs/{runs[1].id[:4]}")

    assert unique.status_code == 200
    assert ambiguous.status_code == 404
    assert "outrider" in ambiguous.text.casefold()


def test_a_run_that_did_not_happen_has_a_page(scene: Scene) -> None:
    """It says why nothing is there; files that are gone are no error."""
    only = scene.add("only")
    missed = scene.ran(only, Outcome.MISSED, reason="the host slept", attempts=(), due_count=12)
    failed = scene.ran(only, Outcome.FAILED, reason="x" * 5_000_000)

    pages = scene.get(f"/runs/{missed.id}", f"/runs/{failed.id}")

    assert [page.status_code for page in pages] == [200, 200]
    assert "Nothing was tried: the run did not happen." in pages[0].text
    assert "stands for 12 due runs" in pages[0].text
    assert len(pages[1].content) < 30_000


def test_files_that_are_gone_leave_a_page_without_them(scene: Scene, runs: tuple[Run, Run]) -> None:
    """Retention, or a disk, may have taken them while the page is open."""
    for file in Path(scene.store.artifacts.where).rglob("*"):
        if file.is_file():
            file.unlink()

    detail = run_detail(scene.sources, runs[1].id)

    assert detail.requests == ()
    assert detail.good is not None
    (page,) = scene.get(f"/runs/{runs[1].id}")
    assert page.status_code == 200
    assert "<img" not in page.text


@pytest.mark.parametrize(
    "content",
    [b"", b"no json", b"[]", b"{}", b'{"log": {"entries": 5}}', b'{"log": {"entries": [{}]}}', b"[" * 100_000, b"\xff"],
)
def test_a_damaged_har_has_no_requests(content: bytes) -> None:
    """It costs no page."""
    assert wire_requests(content) == ((), 0)


def test_requests_beyond_the_limit_are_counted() -> None:
    """In the order in which they began; phases that were not measured are left out."""
    requests, more = wire_requests(har(*(entry(f"https://a.test/{number}") for number in range(MOST_REQUESTS + 3))))

    assert (len(requests), more) == (MOST_REQUESTS, 3)
    assert requests[0].phases == (("dns", 3.0), ("wait", 70.0), ("receive", 7.0))


def test_a_run_is_headed_by_the_title_of_its_check(scene: Scene) -> None:
    """As the workspace has it now; of a check that is gone, by the name in its id."""
    titled, gone = scene.add("pay", title="Kasse & bezahlen 決済"), check("old_one")
    runs = [scene.ran(titled), scene.ran(gone)]

    pages = [page.text for page in scene.get(*(f"/runs/{run.id}" for run in runs))]

    assert "<bdi>Kasse &amp; bezahlen 決済</bdi></a>" in pages[0]
    assert "<bdi>old_one</bdi></a>" in pages[1]


def test_a_run_leads_to_its_traces(scene: Scene) -> None:
    """Here and elsewhere: by run and time once, by trace for each of them, with what the workspace names."""
    links = {"Tempo": "https://tempo.example/{trace}", "Kibana": "https://kibana.example/?from={from_ms}&run={run}"}
    trace = AttemptTrace("4bf92f3577b34da6a3ce929d0e0e4736", "pay", source=TraceSource.PAGE)
    run = run_of(
        Measurement(Outcome.PASSED, "", NOW_US - HOUR_US, 300.0, traces=(trace,)), "journey:journeys/shop.py::buy"
    )
    scene.store.runs.record(run)
    scene.telemetry = TelemetrySource(is_on=True, links=links)

    text = scene.get(f"/runs/{run.id}")[0].text

    assert f'href="/traces/{trace.trace_id}"' in text
    assert f'href="https://tempo.example/{trace.trace_id}"' in text
    assert f"https://kibana.example/?from={run.started_us // 1000 - 60_000}&amp;run={run.id}" in text
