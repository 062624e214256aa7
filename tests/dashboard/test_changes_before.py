"""What changed just before an incident of a check: which changes stand out, on pages, in the API and in messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.builders import run_of

from outrider.alerts import Facts
from outrider.dashboard import ChangedTelemetry, ChangesView, change_causes, change_quotes, changes_of
from outrider.dashboard.changes_view import ChangeItem
from outrider.model import (
    Annotation,
    CheckId,
    Circumstances,
    GaugeValue,
    Measurement,
    MetricPoint,
    Outcome,
    Release,
)
from outrider.telemetry_store.telemetry_inserts import TelemetryTables

from .conftest import MINUTE_US, NOW_US
from .telemetry_scene import HOSTILE, insert_rows, source, span_of
from .test_incident_quotes import check_named, failing_shop

if TYPE_CHECKING:
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

    from .conftest import Scene

SECOND_US = 1_000_000
DAY_US = 1440 * MINUTE_US


def test_what_changed_just_before_is_the_suspect(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """A release before releases that are common; events that its labels fit; a new version of what the traces meet."""
    trace = service.encode().hex()[-16:] * 2
    incident = failing_shop(scene, telemetry, service, trace)
    check = CheckId(incident.checks[0])
    scene.store.checks.record([check_named(CheckId("probe:old"))], NOW_US - 40 * DAY_US)
    began_us = incident.began_us
    labels = {"check": check, "team": "shop"}
    incident = scene.incident(check_named(check), lead=incident.lead, since_us=began_us, labels=labels)
    scene.store.judgements.record_release(Release("v2.4", "production", began_us - 3 * MINUTE_US))
    scene.store.judgements.record_release(Release("v2.3.9", "production", began_us - 3 * MINUTE_US - 30 * SECOND_US))
    scene.store.judgements.record_release(Release("elsewhere", "staging", began_us - MINUTE_US))
    for number, (text, matcher) in enumerate([("flag on", "team=shop"), ("cable cut", "team=other")]):
        scene.store.annotations.record(Annotation(f"{number:032}", began_us - 2 * MINUTE_US, text, (matcher,), "ci"))
    versions = [
        span_of(service, "9" * 16, trace=other * 16, time_ns=at_us * 1000, resource={
            "service.name": service, "service.version": version, "deployment.environment.name": environment,
        })
        for environment, other, version, at_us in (
            ("production", "e1", "1.9", began_us - 9 * DAY_US), ("production", "e2", "2.0", began_us - 4 * MINUTE_US),
            ("staging", "e3", "2.8", began_us - 9 * DAY_US), ("staging", "e4", "2.9", began_us - MINUTE_US),
        )
    ]  # fmt: skip
    insert_rows(telemetry, versions, f"versions {service}")

    page, answer = scene.get(f"/incidents/{incident.id}", f"/api/v1/incidents/{incident.id}")

    changes = answer.json()["changes"]
    named = {change["kind"]: change["text"] for change in changes["changes"] if change["stands_out"]}
    assert named == {
        "event": "flag on", "release": "v2.4", "new version": f"{service} 1.9 → 2.0",
        "new error": "PaymentError: the gateway did not answer for order 9000",
    }  # fmt: skip
    assert [change["kind"] for change in changes["changes"]][-1] == "new error"
    assert "<b><bdi>event flag on</bdi></b>, 2 min before it began" in page.text
    assert "3 min before it began, within a minute of v2.3.9" in page.text
    [first, *_] = change_quotes(changes_of(scene.store, incident, NOW_US, ChangedTelemetry()))
    assert first.text.startswith("event flag on, 2 min before it began; by chance 1 time in ")


def test_only_what_is_very_unlikely_by_chance_joins_incidents() -> None:
    """Two problems within an hour after a release each have it as a suspect."""
    near, nearer = (
        ChangeItem("release", text, 0, "5 min before it began", chance, "", stands_out=True, path="")
        for text, chance in (("v1", 0.03), ("v2", 0.01))
    )

    assert change_causes(ChangesView((near, nearer), stands_out=True)) == ("release:v2",)


@pytest.mark.parametrize(
    ("host", "suspects"),
    [("vm", [("prober", "has 3", True), ("DNS answer", "192.0.2.9", True)]), ("simulated", [])],
)
def test_an_address_that_is_new_and_a_prober_that_changed_are_suspects(
    scene: Scene, host: str, suspects: list[tuple[str, str, bool]]
) -> None:
    """Not one that came back, nor what another location has, nor that runs are no longer simulated."""
    scene.store.checks.record([check_named(CheckId("probe:old"))], NOW_US - 40 * DAY_US)
    check = scene.add("home")
    began_us = NOW_US - 10 * MINUTE_US
    runs = []
    for number, ago_min in enumerate((*range(0, 28 * 1440, 500), -1)):
        remote = ("192.0.2.1", "192.0.2.2")[number % 2] if ago_min > 0 else "192.0.2.9"
        measured = Measurement(
            Outcome.FAILED if ago_min <= 0 else Outcome.PASSED, "", began_us - ago_min * MINUTE_US, 9.0,
            attributes={"remote": remote},
        )  # fmt: skip
        prober = Circumstances(browser="3", host="vm") if ago_min <= 0 else Circumstances(browser="2", host=host)
        runs.append(run_of(measured, check.id, circumstances=prober))
    away = Measurement(Outcome.PASSED, "", began_us, 9.0, attributes={"remote": "192.0.2.77"})
    scene.store.runs.record_many([*runs, run_of(away, check.id, location="elsewhere")])
    labels = {"check": check.id, "location": "local"}
    incident = scene.incident(
        check, lead=Facts("time-out", run=runs[-1].id), since_us=began_us, labels=labels,
    )  # fmt: skip

    (answer,) = scene.get(f"/api/v1/incidents/{incident.id}")

    changes = [(own["kind"], own["text"], own["stands_out"]) for own in answer.json()["changes"]["changes"]]
    assert changes == suspects


def test_a_metric_that_moved_first_is_a_suspect_and_so_is_the_load_on_the_prober(
    scene: Scene, telemetry: ClickHouseClient, service: str
) -> None:
    """Each compared with itself; not one that moves all day, nor one that moved later."""
    scene.telemetry = source(telemetry)
    check = scene.add("home")
    began_us = NOW_US - 20 * MINUTE_US
    hosts = {service: 3, f"{service}-db": 2, f"{service}-later": -4}
    points = [
        MetricPoint(
            (began_us - minutes * MINUTE_US) * 1000, 0, host, "system.cpu.utilization", "", "",
            {"host.name": host, "service.instance.id": "one"}, "s", "1", {},
            GaugeValue(0.9 if minutes <= before else 0.2 + minutes % 7 / 100),
        )
        for host, before in hosts.items() for minutes in range(-8, 400, 2)
    ]  # fmt: skip
    TelemetryTables(telemetry).insert_metrics(points, token=f"hosts {service}")
    runs = [
        run_of(
            Measurement(Outcome.FAILED if ago <= 0 else Outcome.PASSED, "", began_us - ago * MINUTE_US, 9.0), check.id,
            circumstances=Circumstances(host=service),
        )
        for ago in (60, 1, 0)
    ]  # fmt: skip
    scene.store.runs.record_many(runs)
    labels = {"check": check.id, "location": "local"}
    incident = scene.incident(check, lead=Facts("time-out", run=runs[-1].id), since_us=began_us, labels=labels)

    (answer,) = scene.get(f"/api/v1/incidents/{incident.id}")

    changes = {own["kind"]: (own["text"], own["stands_out"]) for own in answer.json()["changes"]["changes"]}
    assert changes["load on the prober"] == (f"{service}: cpu 23 % → 90 %", True)
    assert changes["metric"] == (f"{service}-db: cpu 23 % → 90 %", True)


def test_none_of_a_thousand_changes_stands_out(scene: Scene) -> None:
    """What happens all the time says nothing; nor does what came long before, or after."""
    check = scene.add("home")
    scene.store.checks.record([check_named(CheckId("probe:old"))], NOW_US - 40 * DAY_US)
    run = scene.ran(check, Outcome.FAILED)
    incident = scene.incident(check, lead=Facts("status 500", run=run.id))
    for number in range(1001):
        at_us = incident.began_us - number * 20 * MINUTE_US
        scene.store.annotations.record(Annotation(f"{number:032}", at_us, HOSTILE, (), "ci"))
    scene.store.judgements.record_release(Release("old", "production", incident.began_us - 20 * 3600 * SECOND_US))
    scene.store.judgements.record_release(Release("later", "production", incident.began_us + 5 * MINUTE_US))

    page, answer = scene.get(f"/incidents/{incident.id}", f"/api/v1/incidents/{incident.id}")

    assert "No suspect stands out." in page.text
    assert "<script>alert(1)" not in page.text
    assert [(own["kind"], own["stands_out"]) for own in answer.json()["changes"]["changes"]] == [
        ("event", False), ("release", False)
    ]  # fmt: skip
