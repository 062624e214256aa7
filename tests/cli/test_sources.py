"""Traces and log lines are joined from where they are kept, without any telemetry of our own."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from tests.alerts.conftest import receivers, symptom
from tests.builders import run_of
from tests.sources.stand_in import StandIn, standing_in, tag
from tests.traced_steps import SLOWER_RUNS, slower_runs

from outrider.alerts import AlertProcessor, AlertSettings, Facts, Incident, Phase, Problem
from outrider.alerts.incident_records import stored_incident
from outrider.alerts.message import load as read_message
from outrider.alerts.route import Route
from outrider.app import find_workspace, open_joined, open_store
from outrider.app.lookup.incident_explainer import IncidentExplainer
from outrider.dashboard import incident_quotes
from outrider.model import AlertChanges, Measurement, Outcome

from .test_telemetry_commands import new_desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Desk

    from outrider.model import Run, Span

SECOND_US = 1_000_000
SETTINGS = """
[secrets]
TOKEN = {{env = "SOURCES_TOKEN"}}

[sources.traces]
kind = "jaeger"
url = "{url}/jaeger"
timeout = "30s"

[sources.lines]
kind = "loki"
url = "{url}/loki"
selector = '{{app="shop"}}'
timeout = "30s"

[sources.errors]
kind = "sentry"
url = "{url}/sentry"
organization = "acme"
token = "TOKEN"
timeout = "30s"

[sources.spare]
kind = "jaeger"
url = "{url}/odd/signs"
token = "TOKEN"
timeout = "30s"
"""


@pytest.fixture(scope="module")
def kept() -> Iterator[StandIn]:
    with standing_in() as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def desk(kept: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A workspace that takes no telemetry."""
    return new_desk(tmp_path_factory.mktemp("sources"), SETTINGS.format(url=kept.url))


@pytest.fixture(scope="module")
def played(desk: Desk, kept: StandIn) -> list[tuple[Run, list[Span]]]:
    """Runs of a step that got slower, whose traces Jaeger has."""
    runs = slower_runs(time.time_ns() // 1000, "list-service")
    for _, spans in runs:
        kept.traces[spans[0].trace_id] = {"traceID": spans[0].trace_id, "processes": {
            "p1": {"serviceName": "list-service", "tags": []}
        }, "spans": [as_jaeger(span) for span in spans]}  # fmt: skip
    with open_store(find_workspace(desk.root)) as store:
        store.runs.record_many([run for run, _ in runs])
    return runs


def as_jaeger(span: Span) -> dict[str, object]:
    parent = {"refType": "CHILD_OF", "traceID": span.trace_id, "spanID": span.parent_span_id}
    return {
        "traceID": span.trace_id, "spanID": span.span_id, "operationName": span.name, "processID": "p1",
        "references": [parent] if span.parent_span_id else [], "startTime": span.time_ns // 1000,
        "duration": span.duration_ns // 1000, "tags": [tag("span.kind", span.kind.lower())], "logs": [],
    }  # fmt: skip


def test_sources_are_listed_and_checked(desk: Desk) -> None:
    """A line each: what answers, how fast and of which version, and what is to be done where nothing does."""
    refused = desk.outrider("sources", SOURCES_TOKEN="wrong-one")
    lines = desk.json("sources", "lines", "--json", SOURCES_TOKEN="for-the-sources")
    well = desk.outrider("sources", SOURCES_TOKEN="for-the-sources")
    unset = desk.outrider("sources", "spare")
    listed = desk.outrider("sources", "--list")

    assert (refused.returncode, well.returncode, unset.returncode, listed.returncode) == (1, 0, 1, 0)
    assert "spare  jaeger  source spare refuses us (401)\n  see the secrets that [sources.spare]" in refused.stdout
    assert "lines  loki  answers in " in refused.stdout
    told = [[own[key] for key in ("name", "kind", "version", "problem")] for own in lines]
    assert told == [["lines", "loki", "3.4", ""]]
    assert "secrets.TOKEN has no value" in unset.stdout
    assert "for-the-sources" not in well.stdout + refused.stdout + unset.stdout
    assert desk.outrider("sources", "nobody").returncode == 2


def test_a_run_and_what_belongs_to_it_are_joined(desk: Desk, played: list[tuple[Run, list[Span]]]) -> None:
    """The spans of its traces, how many lines were logged, and the error that another tracker has of it."""
    run, spans = played[0]

    trace = json.loads(desk.outrider("traces", spans[0].trace_id, "--json").stdout)
    joined = desk.outrider("traces", "--run", run.id)
    related = desk.json("related", "run", run.id, "--json", SOURCES_TOKEN="for-the-sources")

    assert [(own["service"], own["name"]) for own in trace] == [(span.service, span.name) for span in spans]
    assert "SELECT products" in joined.stdout
    assert joined.stderr == ""
    assert [(own["spans"], own["logs"]) for own in related["traces"]] == [(2, 1)]
    assert [own["text"] for own in related["errors"]] == ["Lock: lock timeout of shop (SHOP-4F)"]


def test_an_incident_keeps_what_it_quotes(
    desk: Desk, kept: StandIn, played: list[tuple[Run, list[Span]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Error and log line of the failing run's trace, with the links of a message, when no source has them any more."""
    monkeypatch.setenv("SOURCES_TOKEN", "for-the-sources")
    workspace, now_us = find_workspace(desk.root), time.time_ns() // 1000
    run, spans = played[0]
    settings = AlertSettings(route=Route(receivers=("mail",)), receivers=receivers(), links="https://o.example/")
    with open_store(workspace) as store:
        processor = AlertProcessor(store, settings, now_us, workspace="shop")
        facts = Facts("status 500", step="list", run=run.id, title="shop", since_us=now_us)
        for at_us in (now_us, now_us + SECOND_US):
            processor.process_findings([replace(symptom(True, at_us, run.check), facts=facts)], at_us)
        explainer = IncidentExplainer(store)
        for second in (1, 7, 8):
            explainer.ticked(processor, workspace, now_us + second * SECOND_US)
            explainer.close()
            processor.ticked(now_us + second * SECOND_US)
        [row] = store.outbox.search()
        [opened] = processor.open_incidents()
    traces = dict(kept.traces)
    kept.traces.clear()
    desk.write("outrider.toml", "")

    told = " ".join(desk.outrider("incidents", opened.id).stdout.split())
    desk.write("outrider.toml", SETTINGS.format(url=kept.url))
    kept.traces.update(traces)

    assert "Lock: lock timeout of shop (SHOP-4F)" in told
    assert "error shop: pool is empty" in told
    page = f"https://o.example/traces/{spans[0].trace_id}"
    assert f"error: Lock: lock timeout of shop (SHOP-4F) {page}" in read_message(row.message).text


def test_errors_that_began_with_an_incident_are_told_where_none_is_of_its_traces(
    desk: Desk, kept: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the page of each in Sentry; not those that were there an hour before, nor those of another time."""
    monkeypatch.setenv("SOURCES_TOKEN", "for-the-sources")
    workspace, now_us = find_workspace(desk.root), time.time_ns() // 1000
    kept.events += [
        {"id": str(number), "timestamp": datetime.fromtimestamp(now_us / 1e6 + at_s, UTC).isoformat(), "title": title,
         "project": "shop", "issue": issue, "issue.id": number, "trace": "", "level": "error", "release": None}
        for number, (at_s, title, issue) in enumerate([
            (3, "Lock: again", "SHOP-1"), (2, "Pool: empty", "SHOP-2"), (-1_800, "Lock: before", "SHOP-1"),
            (-9_000, "Old", "SHOP-3"),
        ])
    ]  # fmt: skip
    run = run_of(Measurement(Outcome.FAILED, "status 500", now_us, 90.0), "journey:till")
    settings = AlertSettings(route=Route(receivers=("mail",)), receivers=receivers(), links="https://o.example/")
    with open_store(workspace) as store:
        store.runs.record(run)
        processor = AlertProcessor(store, settings, now_us, workspace="shop")
        facts = Facts("status 500", run=run.id, title="till", since_us=now_us)
        for at_us in (now_us, now_us + SECOND_US):
            processor.process_findings([replace(symptom(True, at_us, run.check), facts=facts)], at_us)
        explainer = IncidentExplainer(store)
        for second in (1, 7, 8):
            explainer.ticked(processor, workspace, now_us + second * SECOND_US)
            explainer.close()
            processor.ticked(now_us + second * SECOND_US)
        texts = [read_message(own.message).text for own in store.outbox.search()]
    kept.events.clear()

    [text] = [text for text in texts if text.startswith("till fails")]
    page = f"{kept.url}/sentry/organizations/acme/issues/1/events/1/"
    assert [line.strip() for line in text.splitlines() if "error" in line] == [
        f"error meanwhile: Pool: empty of shop (SHOP-2) {page}"
    ]


def test_an_incident_says_where_the_time_went(desk: Desk, played: list[tuple[Run, list[Span]]]) -> None:
    """By the traces of both sides; and quotes the slowest span and the line that was logged."""
    workspace = find_workspace(desk.root)
    lead = Facts("390 ms", step="list", run=played[0][0].id, since_us=played[SLOWER_RUNS - 1][0].due_us, title="shop")
    slower = Incident("3" * 8, Problem.DEGRADATION, lead.since_us or 0, 0, lead, phase=Phase.OPEN)
    with open_store(workspace) as store, open_joined(workspace) as telemetry:
        store.incidents.record(AlertChanges(incidents=(stored_incident(slower),)))
        quotes = incident_quotes(store, telemetry, slower, time.time_ns() // 1000)

    told = " ".join(desk.outrider("incidents", slower.id).stdout.split())

    assert "of +310 ms (310 to 310), +310 ms (310 to 310) in SELECT products of list-service" in told
    assert ("slowest span", "SELECT products of list-service, 351 ms") in [(own.title, own.text) for own in quotes]
    assert ("log", "error shop: pool is empty") in [(own.title, own.text) for own in quotes]


def test_an_empty_join_says_which_source_is_away(desk: Desk, kept: StandIn) -> None:
    """Instead of what might be wrong with the target."""
    run = slower_runs(time.time_ns() // 1000, "gone", runs=1, check="journey:gone")[0][0]
    desk.write("outrider.toml", SETTINGS.format(url=kept.url).replace("/jaeger", "/odd/breaks"))
    with open_store(find_workspace(desk.root)) as store:
        store.runs.record(run)

    told = desk.outrider("traces", "--run", run.id).stderr

    assert "1 of 1 traces have no spans: source traces answered 503: no shards" in told
