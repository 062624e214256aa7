"""What messages and pages say of an incident's cause, from the traces of its runs."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.alerts.conftest import receivers, symptom
from tests.builders import run_of

from outrider.alerts import (
    AlertProcessor,
    AlertSettings,
    Facts,
    Phase,
    Problem,
    Quote,
    consequences_of,
    is_check,
    read_incident,
)
from outrider.alerts.finding import Finding, FindingKey, problem_labels
from outrider.alerts.incident_records import stored_incident
from outrider.alerts.issue_findings import issue_findings
from outrider.alerts.message import load as read_message
from outrider.alerts.route import Route
from outrider.app.lookup.incident_explainer import IncidentExplainer
from outrider.dashboard import CauseTelemetry, cause_traces, incident_quotes, named_causes
from outrider.model import (
    AlertChanges,
    AttemptTrace,
    Check,
    CheckId,
    IssueOrder,
    IssueQuery,
    Kind,
    Measurement,
    Outcome,
    Policy,
    Release,
    Step,
    StepKind,
    Subject,
    UsageError,
)
from outrider.telemetry_store.page_view_search import PageViewSearch
from outrider.workspace import Capabilities, TelemetrySettings, Workspace

from .conftest import MINUTE_US, NOW_US
from .error_scene import declined, page_error
from .telemetry_scene import HOSTILE, NOW_NS, insert_rows, log_of, page_view, source, span_of
from .test_slower_step import slower_shop

if TYPE_CHECKING:
    from outrider.alerts import Incident
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

    from .conftest import Scene

SECOND_US = 1_000_000
DAY_US = 1440 * MINUTE_US


def check_named(identity: CheckId) -> Check:
    """Return a check of this id."""
    return Check(identity, Kind.JOURNEY, "journeys/test_shop.py", "buy", "buy", Policy())


def quotes_of(scene: Scene, incident: Incident) -> list[tuple[str, str, str]]:
    """Return the lines: title, text and path of each."""
    lines = incident_quotes(scene.store, scene.telemetry.reader(), incident, NOW_US)
    return [(line.title, line.text, line.path) for line in lines]


def failing_shop(scene: Scene, telemetry: ClickHouseClient, service: str, trace: str) -> Incident:
    """Return an incident of a check that fails, with spans, log lines and an error of the run's trace."""
    scene.telemetry = source(telemetry)
    check = scene.add("journey:buy", Kind.JOURNEY)
    step = Step("pay", "pay", StepKind.NAMED, 5.0, 90.0, error="status 500")
    measured = Measurement(
        Outcome.FAILED, "status 500", NOW_US - MINUTE_US, 90.0, steps=(step,),
        traces=(AttemptTrace("c0" * 16, "cart"), AttemptTrace(trace, "pay")),
    )  # fmt: skip
    run = run_of(measured, check.id)
    scene.store.runs.record(run)
    charge = span_of(
        service, "2" * 16, "1" * 16, trace=trace, name="charge card", status="Error", status_message=f"no {HOSTILE}"
    )
    front = span_of(service, "1" * 16, trace=trace, name="POST /pay", status="Error", status_message="500")
    resource = {"service.name": service, "deployment.environment.name": "production"}
    spans = [front, charge, span_of(service, "3" * 16, "1" * 16, trace=trace)]
    insert_rows(telemetry, [span._replace(resource=resource) for span in spans], f"spans {service}")
    logs = [
        log_of(service, "card\nrefused", trace_id=trace, severity_text="ERROR", severity_number=17),
        log_of(service, "slow gateway", trace_id=trace, severity_text="WARN", severity_number=13),
        log_of(service, "order 1", trace_id=trace),
        log_of(service, "of nobody's trace", severity_text="FATAL", severity_number=21),
    ]
    insert_rows(telemetry, logs, f"logs {service}")
    sent = declined(trace_id=trace, at_us=NOW_US - MINUTE_US, service=service, environment="production")
    scene.store.errors.add([sent])
    return scene.incident(check, lead=Facts("status 500", step="pay", run=run.id), since_us=NOW_US - 2 * MINUTE_US)


def test_a_failing_step_names_the_span_the_new_error_and_the_log_lines_of_its_trace(
    scene: Scene, telemetry: ClickHouseClient, service: str
) -> None:
    """The deepest span that failed, in texts that a phone can show; nothing of other traces."""
    trace = service.encode().hex()[-16:] * 2
    incident = failing_shop(scene, telemetry, service, trace)

    (title, text, path), *others = quotes_of(scene, incident)

    assert (title, path) == ("failed span", f"/traces/{trace}")
    assert text.startswith(f"charge card of {service}: no <script>alert(1)</script> ")
    assert "\u202e" not in text
    assert others == [
        (
            "new error",
            f"PaymentError: the gateway did not answer for order 9000 of {service}, 1 event, 1 user",
            "/errors/1",
        ),
        ("log", f"ERROR {service}: card refused", f"/traces/{trace}"),
        ("log", f"WARN {service}: slow gateway", f"/traces/{trace}"),
    ]


def test_a_check_that_takes_too_long_names_its_slowest_span(
    scene: Scene, telemetry: ClickHouseClient, service: str
) -> None:
    """Its traces have no span that failed."""
    scene.telemetry = source(telemetry)
    check, trace = scene.add("probe:home", Kind.PROBE), service.encode().hex()[-16:] * 2
    why = "the whole request took 812 ms, more than 500 ms"
    run = run_of(Measurement(Outcome.FAILED, why, NOW_US, 812.0, traces=(AttemptTrace(trace, ""),)), check.id)
    scene.store.runs.record(run)
    spans = [
        span_of(service, "1" * 16, trace=trace, name="GET /", duration_ns=800_000_000),
        span_of(service, "2" * 16, "1" * 16, trace=trace, name="SELECT stock", duration_ns=700_000_000),
    ]
    insert_rows(telemetry, spans, f"spans {service}")

    quotes = quotes_of(scene, scene.incident(check, lead=Facts(why, run=run.id), since_us=NOW_US))

    assert quotes == [("slowest span", f"SELECT stock of {service}, 700 ms", f"/traces/{trace}")]


def test_of_runs_that_follow_fast_those_whose_spans_were_sent_are_read(
    scene: Scene, telemetry: ClickHouseClient, service: str
) -> None:
    """A check each second has three failed runs before the spans of the first arrive."""
    incident = failing_shop(scene, telemetry, service, service.encode().hex()[-16:] * 2)
    runs = [
        run_of(Measurement(Outcome.FAILED, "status 500", NOW_US - number * SECOND_US, 90.0), incident.checks[0])
        for number in (3, 2, 1)
    ]
    for run in runs:
        scene.store.runs.record(run)

    quotes = quotes_of(scene, replace(incident, lead=replace(incident.lead, run=runs[-1].id)))

    assert [title for title, _, _ in quotes] == ["failed span", "new error", "log", "log"]


@pytest.mark.parametrize(("vital", "named"), [("LCP", True), ("INP", False)])
def test_a_slow_page_names_the_service_that_took_the_time(
    scene: Scene, telemetry: ClickHouseClient, service: str, vital: str, named: bool
) -> None:
    """By the traces of documents of visits before and since; what comes after the document is not theirs."""
    search = PageViewSearch(telemetry, clock=lambda: NOW_NS)
    began_us, page = NOW_US - 30 * MINUTE_US, f"/{vital}/{service}"
    for number in range(8):
        at_us, query_ms = (began_us + (number - 4) * MINUTE_US, 520 if number >= 4 else 20)
        trace = f"{service.encode().hex()[-15:]}{number:x}"[::-1] * 2
        trace = trace if named else trace[::-1]
        view = page_view(
            number, session=trace, view=trace[:16], trace_id=trace, page=page, start_us=at_us, lcp_ms=100.0 + query_ms,
            inp_ms=100.0 + query_ms, events="[]",
        )  # fmt: skip
        search.insert_page_views([view], token=f"slow {vital} {service} {number}")
        spans = [
            span_of("front", "1" * 16, trace=trace, time_ns=at_us * 1000, duration_ns=(query_ms + 9) * 10**6),
            span_of(service, "2" * 16, "1" * 16, trace=trace, time_ns=at_us * 1000, duration_ns=query_ms * 10**6),
        ]
        insert_rows(telemetry, spans, f"slow {vital} {service} {number}")
    slow = unwell(Problem.DEGRADATION, f"page:shop {page}", (), began_us)
    incident = replace(
        scene.incident(scene.add("home"), Problem.DEGRADATION, lead=Facts("620 ms", step=vital), since_us=began_us),
        lead_subject=slow.key.text, labels=slow.labels,
    )  # fmt: skip

    causes = named_causes(scene.store, CauseTelemetry(search, search), incident, {}, NOW_US)

    assert causes == ((f"service:{service}",) if named else ())


def test_of_a_trace_id_that_is_used_again_nothing_is_quoted(
    scene: Scene, telemetry: ClickHouseClient, service: str
) -> None:
    """Spans, errors and log lines may be those of another run; nor does it join incidents."""
    trace = service.encode().hex()[-16:] * 2
    incident = failing_shop(scene, telemetry, service, trace)
    again = Measurement(Outcome.PASSED, "", NOW_US - DAY_US, 9.0, traces=(AttemptTrace(trace, "list"),))
    scene.store.runs.record(run_of(again, "probe:other"))
    search = PageViewSearch(telemetry, clock=lambda: NOW_NS)

    traces = cause_traces(scene.store, CauseTelemetry(search, search), incident, NOW_US)

    assert quotes_of(scene, incident) == []
    assert traces == {}
    assert named_causes(scene.store, CauseTelemetry(search, search), incident, traces, NOW_US) == ()


def test_a_slower_step_says_where_the_time_went(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """One sentence with its interval, which leads to the table, and the slowest span."""
    incident = slower_shop(scene, telemetry, service)

    (first, slowest) = quotes_of(scene, incident)

    assert first[:1] + first[2:] == ("where the time went", f"/incidents/{incident.id}#slower")
    assert first[1].startswith("of +310 ms (310 to 310), +310 ms (310 to 310) in SELECT <script>")
    assert slowest[0] == "slowest span"
    assert slowest[1].endswith(f" of {service}, 351 ms")
    assert slowest[2].startswith("/traces/")
    unknown = replace(incident, lead=replace(incident.lead, step="renamed"))
    assert quotes_of(scene, unknown)[0][1] == "not known: no run before it got slower has a step 'renamed'"


def test_what_is_quoted_stays_with_the_incident(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """It is looked up beside the service, in time for its first message, unless that is off; page and API have it."""
    incident = failing_shop(scene, telemetry, service, service.encode().hex()[-16:] * 2)
    over = replace(incident, phase=Phase.RESOLVED, ended_us=NOW_US - DAY_US)
    scene.store.incidents.record(AlertChanges(incidents=(stored_incident(over),)))
    settings = AlertSettings(route=Route(receivers=("mail",)), receivers=receivers(), links="https://o.example/")
    processor = AlertProcessor(scene.store, settings, NOW_US, workspace="shop")
    workspace = Workspace(
        root=scene.root, name="shop", telemetry=TelemetrySettings(), capabilities=Capabilities(telemetry=True)
    )
    explainer = IncidentExplainer(scene.store, lambda _: nullcontext(PageViewSearch(telemetry, clock=lambda: NOW_NS)))
    facts = replace(incident.lead, title="buy", since_us=incident.began_us)
    for number in (0, 1):
        bad = replace(symptom(True, NOW_US + number * SECOND_US, incident.checks[0]), facts=facts)
        processor.process_findings([bad], NOW_US + number * SECOND_US)
    [opened] = [own for own in processor.open_incidents() if own.id != incident.id]

    off = replace(workspace, capabilities=replace(workspace.capabilities, explanations=False))
    explainer.ticked(processor, off, NOW_US + SECOND_US)
    explainer.close()
    [unexplained] = [own for own in processor.open_incidents() if own.id == opened.id]
    for number in (1, 7, 8):  # spans are sent within five seconds
        explainer.ticked(processor, workspace, NOW_US + number * SECOND_US)
        explainer.close()
        processor.ticked(NOW_US + number * SECOND_US)
    scene.telemetry = replace(scene.telemetry, is_on=False)
    page, answer = scene.get(f"/incidents/{opened.id}", f"/api/v1/incidents/{opened.id}")

    [kept] = [read_incident(own) for own in scene.store.incidents.named(opened.id, 2)]
    assert unexplained.explanation == ()
    assert kept.named == (f"service:{service}", "issue:1")
    assert [quote.title for quote in kept.explanation] == ["failed span", "new error", "log", "log"]
    [row] = scene.store.outbox.search()
    assert f"log: WARN {service}: slow gateway https://o.example/traces/" in read_message(row.message).text
    assert 'href="/errors/1"' in page.text
    assert "<script>alert(1)" not in page.text
    assert answer.json()["explanation"][1]["path"] == "/errors/1"


def test_what_opens_again_is_explained_anew(scene: Scene, telemetry: ClickHouseClient, service: str) -> None:
    """A release before its first time explains nothing of a problem that began after it was over."""
    trace, first = service.encode().hex()[-16:] * 2, service.encode().hex()[-16:][::-1] * 2
    known = failing_shop(scene, telemetry, service, trace)
    over = replace(known, phase=Phase.RESOLVED, ended_us=NOW_US - DAY_US)
    scene.store.incidents.record(AlertChanges(incidents=(stored_incident(over),)))
    begin_us = NOW_US - 5 * MINUTE_US
    scene.store.checks.record([check_named(CheckId("probe:old"))], NOW_US - 40 * DAY_US)
    scene.store.judgements.record_release(Release("v2.4", "production", begin_us - SECOND_US))
    scene.store.judgements.record_release(Release("v2.5", "production", NOW_US - SECOND_US))
    earlier = Measurement(Outcome.FAILED, "too slow", begin_us, 90.0, traces=(AttemptTrace(first, "pay"),))
    run = run_of(earlier, CheckId(known.checks[0]), due_us=begin_us)
    scene.store.runs.record(run)
    insert_rows(telemetry, [span_of(service, "9" * 16, trace=first, name="list", status="Error")], f"first {service}")
    settings = AlertSettings(route=Route(receivers=("mail",)), receivers=receivers())
    processor = AlertProcessor(scene.store, settings, begin_us, workspace="shop")
    workspace = Workspace(root=scene.root, name="shop", telemetry=TelemetrySettings())
    explainer = IncidentExplainer(scene.store, lambda _: nullcontext(PageViewSearch(telemetry, clock=lambda: NOW_NS)))

    facts = replace(known.lead, title="buy", since_us=None)
    for second, is_bad in enumerate((True, True, False, False, False)):
        at_us = begin_us + 20 * second * SECOND_US
        shown = replace(symptom(is_bad, at_us, known.checks[0]), facts=replace(facts, run=run.id))
        processor.process_findings([shown], at_us)
        explain(explainer, processor, workspace, at_us)
    for second in (0, 1):
        at_us = NOW_US + second * SECOND_US
        processor.process_findings([replace(symptom(True, at_us, known.checks[0]), facts=facts)], at_us)
    explain(explainer, processor, workspace, NOW_US + SECOND_US)

    told = {row.created_us: read_message(row.message).text for row in scene.store.outbox.search()}
    before, resolved, since = (told[at_us] for at_us in sorted(told))
    assert all(f"failed span: list of {service}" in text and "release v2.4" in text for text in (before, resolved))
    assert f"failed span: charge card of {service}" in since
    assert "suspect: release v2.5, 1 s before it began" in since
    assert "v2.4" not in since
    assert f"list of {service}" not in since


def explain(explainer: IncidentExplainer, processor: AlertProcessor, workspace: Workspace, at_us: int) -> None:
    """Let the explainer look, and messages go out, for ten seconds."""
    for second in range(10):
        explainer.ticked(processor, workspace, at_us + second * SECOND_US)
        explainer.close()
        processor.ticked(at_us + second * SECOND_US)


@pytest.mark.parametrize(("arrive_s", "kinds"), [(7, ["trigger"]), (20, ["trigger", "update"])])
def test_a_message_waits_for_spans_that_are_on_their_way(
    scene: Scene, telemetry: ClickHouseClient, service: str, arrive_s: int, kinds: list[str]
) -> None:
    """Those of earlier runs have come; ten seconds at most, and what is known later is told then."""
    trace, late = service.encode().hex()[-16:] * 2, service.encode().hex()[-16:][::-1] * 2
    known = failing_shop(scene, telemetry, service, trace)
    over = replace(known, phase=Phase.RESOLVED, ended_us=NOW_US - DAY_US)
    scene.store.incidents.record(AlertChanges(incidents=(stored_incident(over),)))
    measured = Measurement(Outcome.FAILED, "status 500", NOW_US, 90.0, traces=(AttemptTrace(late, "pay"),))
    run = run_of(measured, CheckId(known.checks[0]), due_us=NOW_US)
    scene.store.runs.record(run)
    facts = replace(known.lead, title="buy", since_us=NOW_US, run=run.id)
    settings = AlertSettings(route=Route(receivers=("mail",)), receivers=receivers())
    processor = AlertProcessor(scene.store, settings, NOW_US, workspace="shop")
    workspace = Workspace(root=scene.root, name="shop", telemetry=TelemetrySettings())
    explainer = IncidentExplainer(scene.store, lambda _: nullcontext(PageViewSearch(telemetry, clock=lambda: NOW_NS)))
    for number in (0, 1):
        bad = replace(symptom(True, NOW_US + number * SECOND_US, known.checks[0]), facts=facts)
        processor.process_findings([bad], NOW_US + number * SECOND_US)

    for second in (1, 6, 7, 8, 9, 12, 20, 31, 32):
        if second == arrive_s:
            broken = span_of(service, "9" * 16, trace=late, name="charge card", status="Error")
            insert_rows(telemetry, [broken], f"late {service}")
        explainer.ticked(processor, workspace, NOW_US + second * SECOND_US)
        explainer.close()
        processor.ticked(NOW_US + second * SECOND_US)

    rows = scene.store.outbox.search()
    told = {row.kind: (row.created_us, "failed span" in read_message(row.message).text) for row in rows}
    assert sorted(told) == kinds
    assert told["trigger"] == ((NOW_US + 7 * SECOND_US, True) if arrive_s == 7 else (NOW_US + 12 * SECOND_US, False))
    assert told.get("update", (NOW_US + 31 * SECOND_US, True)) == (NOW_US + 31 * SECOND_US, True)


def unwell(problem: Problem, subject: str, causes: tuple[str, ...], at_us: int, environment: str = "") -> Finding:
    """Return what the judge says of a service or a page, confirmed at once."""
    labels = {**problem_labels(problem), "subject": subject, "environment": environment or "production"}
    key = FindingKey(problem, Subject(subject), environment or "production", "")
    return Finding(key, True, at_us, Facts("fails", title=subject, since_us=NOW_US), causes, labels, once=True)


def test_one_cause_is_one_message_whoever_notices_it_first(
    scene: Scene, telemetry: ClickHouseClient, service: str
) -> None:
    """Errors of two services, a check, a service and a page of users: a trace joins them, and no other service."""
    trace, users = service.encode().hex()[-16:] * 2, service.encode().hex()[-16:][::-1] * 2
    known = failing_shop(scene, telemetry, service, trace)
    over = replace(known, phase=Phase.RESOLVED, ended_us=NOW_US - DAY_US)
    scene.store.incidents.record(AlertChanges(incidents=(stored_incident(over),)))
    for number in range(2):  # the gateway's error reaches the front's, in a visit's trace
        scene.store.errors.add([
            declined(trace_id=users, at_us=NOW_US, service=service, id=f"{90 + number:032x}", environment=""),
            page_error(
                trace_id=users, at_us=NOW_US, service="front", id=f"{95 + number:032x}", environment="production"
            ),
            page_error(trace_id="", at_us=NOW_US, service="other", id=f"{97 + number:032x}", fingerprint=("other",)),
        ])  # fmt: skip
    broken = span_of(service, "7" * 16, trace=users, name="charge card", status="Error")
    insert_rows(telemetry, [broken], f"visit {service}")
    view = page_view(
        1, session=users, view=trace[:16], trace_id=users, page=f"/{service}", service="shop", start_us=NOW_US,
        errors=1, failed_calls=0, events="[]",
    )  # fmt: skip
    search = PageViewSearch(telemetry, clock=lambda: NOW_NS)
    search.insert_page_views([view], token=f"page {service}")
    settings = AlertSettings(route=Route(receivers=("mail",)), receivers=receivers())
    processor = AlertProcessor(scene.store, settings, NOW_US, workspace="shop")
    workspace = Workspace(root=scene.root, name="shop", telemetry=TelemetrySettings())
    explainer = IncidentExplainer(scene.store, lambda _: nullcontext(search))

    def pass_time(*seconds: int) -> None:
        for second in seconds:
            explainer.ticked(processor, workspace, NOW_US + second * SECOND_US)
            explainer.close()
            processor.ticked(NOW_US + second * SECOND_US)

    issues = scene.store.errors.list(IssueQuery(NOW_US, order=IssueOrder.FIRST_SEEN))
    calling = issue_findings(issues, (), NOW_US)
    processor.process_findings(calling, NOW_US)
    pass_time(1, 6, 10)
    facts = replace(known.lead, title="buy", since_us=NOW_US)
    for second in (11, 21):
        bad = replace(symptom(True, NOW_US + second * SECOND_US, known.checks[0]), facts=facts)
        processor.process_findings([bad], NOW_US + second * SECOND_US)
    pass_time(22, 27, 31, 36)
    processor.process_findings([
        unwell(Problem.FAILURE, f"service:{service}", (f"subject:service:{service}",), NOW_US),
        unwell(Problem.FAILURE, f"page:shop /{service}", (), NOW_US),
    ], NOW_US + 40 * SECOND_US)  # fmt: skip
    pass_time(41, 46, 71, 80)

    told = [read_message(row.message).subject for row in scene.store.outbox.search()]
    lasting = processor.open_incidents()
    [root] = [own for own in lasting if is_check(own.lead_subject)]
    assert sorted(own.problem for own in consequences_of(root, lasting)) == ["failure", "failure", "issue", "issue"]
    assert sorted(subject.partition(":")[0] for subject in told) == ["[shop] critical", "[shop] warning"], told
    assert len(lasting) == 6


def test_what_is_switched_off_asks_nothing_and_is_nowhere_on_pages(
    scene: Scene, telemetry: ClickHouseClient, service: str
) -> None:
    """The join of runs to their traces, suspects, what belongs together, and the counting of alerts."""
    incident = failing_shop(scene, telemetry, service, service.encode().hex()[-16:] * 2)
    asked: list[str] = []
    known = scene.telemetry

    def reader() -> PageViewSearch:
        asked.append("telemetry")
        return known.reader()  # type: ignore[return-value]

    scene.telemetry = replace(known, reader=reader, services=reader, real_users=reader, explains=True)
    paths = (
        f"/runs/{incident.lead.run}", f"/incidents/{incident.id}", "/errors/1",
        f"/related/run/{incident.lead.run}", f"/api/v1/related/run/{incident.lead.run}", "/api/v1/noise",
    )  # fmt: skip
    on = scene.get(*paths)
    was_asked = len(asked)
    asked.clear()
    scene.off = frozenset({"join", "suspects", "related", "noise"})
    off = scene.get(*paths)

    marks = ('id="traces"', 'id="changes"', "/related/issue/1")
    assert [mark in page.text for mark, page in zip(marks, on, strict=False)] == [True] * 3
    assert [mark in page.text for mark, page in zip(marks, off, strict=False)] == [False] * 3
    assert [page.status_code for page in on] == [200] * 6
    assert [page.status_code for page in off] == [200, 200, 200, 404, 404, 404]
    assert (was_asked > 0, asked) == (True, [])
    for name in ("related", "noise"):
        with pytest.raises(UsageError, match="switched off"):
            replace(Capabilities(), **{name: False}).require(name, name)


@pytest.mark.parametrize("problem", [Problem.COVERAGE, Problem.FORECAST])
def test_what_runs_do_not_show_is_not_looked_up(scene: Scene, problem: Problem) -> None:
    """Such as runs that are missing: nothing is read for it."""
    check = scene.add("home")
    incident = scene.incident(check, problem, explanation=(Quote("log", "as it was"),))

    assert incident_quotes(scene.store, scene.telemetry.reader, incident, NOW_US) == ()  # type: ignore[arg-type]


def test_what_follows_from_an_incident_stands_below_it(scene: Scene) -> None:
    """Each leads to the other, on pages and in the API."""
    buy, home = scene.add("buy"), scene.add("home")
    root = scene.incident(buy, what="root", named=("service:pay",), since_us=NOW_US - 3 * MINUTE_US)
    other = scene.incident(home, what=HOSTILE, named=("service:pay",), since_us=NOW_US - 2 * MINUTE_US)

    above, below = scene.get(f"/incidents/{root.id}", f"/incidents/{other.id}")
    first, second = scene.get(f"/api/v1/incidents/{root.id}", f"/api/v1/incidents/{other.id}")

    assert f'href="/incidents/{other.id}"' in above.text.partition("Follows from this")[2]
    assert f'It follows from <a href="/incidents/{root.id}"' in below.text
    assert "<script>alert(1)" not in above.text
    assert (first.json()["follows_from"], first.json()["consequences"]) == (None, [other.id])
    assert (second.json()["follows_from"], second.json()["consequences"]) == (root.id, [])
