"""From a trace, run, issue or visit to all others that share a trace: pages and API."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.builders import run_of

from outrider.model import AttemptTrace, Measurement, Outcome, OutsideError
from outrider.telemetry_store.page_view_search import PageViewSearch

from .conftest import NOW_US
from .error_scene import declined
from .telemetry_scene import HOSTILE, NOW_NS, page_view
from .test_incident_quotes import failing_shop

if TYPE_CHECKING:
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

    from .conftest import Scene


def test_each_leads_to_all_others(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """The same trace, run, issue and visit from whichever one starts; names are shown, not obeyed."""
    trace = service.encode().hex()[-16:] * 2
    run = failing_shop(scene, telemetry, service, trace).lead.run
    visit = f"{int(trace[:8], 16):032x}"
    call = f'[[150, "call", "POST /pay", 500, 80, "{trace}"]]'
    view = page_view(1, session=visit, view=trace[:16], trace_id=trace, page=HOSTILE, events=call)
    PageViewSearch(telemetry, clock=lambda: NOW_NS).insert_page_views([view], token=f"visit {service}")

    url = "https://sentry.example/organizations/acme/issues/4711/events/1/"
    error = OutsideError("1", NOW_US, f"Lock: {HOSTILE}", "shop", "SHOP-4F", trace, "error", "", url)
    scene.telemetry = replace(scene.telemetry, outside_errors=lambda ids: [error] if trace in ids else [])

    starts = {"trace": trace, "run": run, "issue": "1", "session": visit}
    answers = scene.get(*(f"/api/v1/related/{kind}/{name}" for kind, name in starts.items()))
    (page,) = scene.get(f"/related/session/{visit}")

    for answer in answers:
        body: dict[str, Any] = answer.json()
        [own] = [row for row in body["traces"] if row["id"] == trace]
        assert (own["spans"], own["logs"]) == (3, 3)
        assert [row["id"] for row in body["runs"]] == [run] * len(body["runs"]) != []
        assert [row["id"] for row in body["issues"]] == ["1"]
        assert [row["id"] for row in body["sessions"]] == [visit]
        assert [row["path"] for row in body["errors"]] == [url]
    assert page.status_code == 200
    assert f'href="/traces/{trace}"' in page.text
    assert f'href="/runs/{run}"' in page.text
    assert f'href="{url}"' in page.text
    assert "<script>alert(1)" not in page.text
    links = scene.get(f"/runs/{run}", f"/traces/{trace}", "/errors/1", f"/sessions/{visit}")
    assert [f'href="/related/{kind}/{name}"' in page.text for (kind, name), page in zip(
        (("run", run), ("trace", trace), ("issue", "1"), ("session", visit)), links, strict=True
    )] == [True] * 4  # fmt: skip


@pytest.mark.parametrize(
    ("path", "status"),
    [("trace/12", 404), ("run/none", 404), ("issue/99", 404), ("issue/x", 404), ("session/none", 404), ("host/a", 404)],
)
def test_what_is_not_there_is_said(scene: Scene, path: str, status: int) -> None:
    """Also where the workspace takes no telemetry."""
    scene.store.errors.add([declined()])

    api, page = scene.get(f"/api/v1/related/{path}", f"/related/{path}")

    assert (api.status_code, page.status_code) == (status, status)


def test_a_trace_without_spans_says_why(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """Of a run that ended just now, of one from before telemetry was taken, and of one that nothing names."""
    shop = failing_shop(scene, telemetry, service, service.encode().hex()[-16:] * 2)
    backward = service.encode().hex()[-16:][::-1]
    lonely, early, unknown = "c0" * 16, backward * 2, backward[:8] * 4
    measured = Measurement(Outcome.PASSED, "", NOW_US - 169_031 * 10**6, 90.0, traces=(AttemptTrace(early, ""),))
    run = run_of(measured, shop.checks[0])
    scene.store.runs.record(run)

    names = (f"trace/{lonely}", f"trace/{early}", f"trace/{unknown}", f"run/{run.id}", f"run/{shop.lead.run}")
    whys = [answer.json()["missing"] for answer in scene.get(*(f"/api/v1/related/{name}" for name in names))]
    pages = scene.get(f"/related/trace/{unknown}", f"/runs/{run.id}")

    assert whys[0] == "they may still arrive; the run ended less than a minute ago"
    assert whys[1].startswith("no span of that time is kept: telemetry was not taken yet or was away")
    assert whys[2].startswith("no run that is kept names it: its services are not instrumented, sampled it out")
    assert "or it is older than 3 d" in whys[2]
    assert whys[3:] == whys[1::-1]
    assert "Traces without spans: no run that is kept names it" in pages[0].text
    assert "1 of 1 traces have no spans: no span of that time is kept" in pages[1].text


def test_runs_and_errors_are_told_without_telemetry(scene: Scene) -> None:
    """How many spans and log records there are is not known then."""
    scene.store.errors.add([declined(trace_id="ab" * 16)])

    (answer,) = scene.get("/api/v1/related/trace/" + "AB" * 16)

    body = answer.json()
    assert [(own["spans"], own["logs"]) for own in body["traces"]] == [(0, None)]
    assert body["missing"] == "this workspace takes no telemetry, and reads none from elsewhere"
    assert [row["id"] for row in body["issues"]] == ["1"]
