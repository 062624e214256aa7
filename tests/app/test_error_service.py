"""Errors of Sentry's own client become issues, nothing that is acknowledged is lost, and refusals are understood."""

from __future__ import annotations

import gzip
import json
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import brotli
import httpx
import pytest
import sentry_sdk
from sentry_sdk import logger, metrics
from tests.builders import new_store
from tests.waiting import until

from outrider.app.access.workspace_access import now_us
from outrider.app.errors.error_projects import KeyRequest, add_project, add_project_key, revoke_project_key
from outrider.app.errors.error_service import ErrorService
from outrider.app.errors.telemetry_inbox import INBOX_FOLDER
from outrider.model import (
    ErrorEvent,
    ErrorException,
    GaugeValue,
    HistogramValue,
    IssueOrder,
    IssueQuery,
    SumValue,
    event_to_json,
)
from outrider.telemetry import SignalKind, Spool, Tally, add_events, read_segment
from outrider.workspace import ErrorSettings, TelemetrySettings, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from outrider.app.errors.error_projects import IssuedKey
    from outrider.model import Issue
    from outrider.store import Store
    from outrider.workspace import Workspace

USUAL = KeyRequest()
FROM = "https://shop.example"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "outrider.toml").write_text("[errors]\n", "utf-8")
    return replace(load(tmp_path), errors=ErrorSettings(port=0, least_free_bytes=1))


@pytest.fixture
def store(workspace: Workspace) -> Iterator[Store]:
    workspace.state.mkdir()
    with new_store(workspace.state / "outrider.db", artifacts=workspace.state / "artifacts") as store:
        yield store


@contextmanager
def taking(workspace: Workspace, store: Store) -> Iterator[httpx.Client]:
    with ErrorService(workspace, store) as service, httpx.Client(base_url=service.address) as client:
        yield client


def project(store: Store, workspace: Workspace, *, per_day: int = 1_000, key: KeyRequest = USUAL) -> IssuedKey:
    return add_project(store, workspace, "shop", "production", per_day=per_day, key=key)


def issues(store: Store) -> tuple[Issue, ...]:
    return tuple(store.errors.list(IssueQuery(now_us())))


def sell() -> None:
    raise ValueError("no stock for ada@example.org")


def envelope(document: dict[str, Any], **headers: object) -> bytes:
    return b"\n".join([json.dumps(headers).encode(), b'{"type":"event"}', json.dumps(document).encode()])


def envelopes(documents: Sequence[dict[str, Any]]) -> bytes:
    return b"\n".join([b"{}", *(line for own in documents for line in (b'{"type":"event"}', json.dumps(own).encode()))])


def post(client: httpx.Client, issued: IssuedKey, data: bytes, **more: Any) -> httpx.Response:
    return client.post(f"/api/1/envelope/?sentry_key={issued.key.id}", content=data, **more)


def test_an_exception_of_the_client_of_python_is_an_issue(workspace: Workspace, store: Store) -> None:
    """Sentry's SDK, set up with the DSN alone, compressed as it likes; its session counts, and a file is kept."""
    issued = project(store, workspace)
    with taking(workspace, store) as client:
        sdk = sentry_sdk.Client(
            f"http://{issued.key.id}@127.0.0.1:{client.base_url.port}/1",
            release="shop@1.0.0",
            default_integrations=False,
        )
        with sentry_sdk.isolation_scope() as scope:
            scope.set_client(sdk)
            scope.set_user({"id": "ada"})
            scope.start_session(session_mode="application")
            scope.add_attachment(bytes=b"cart of ada@example.org", filename="cart.txt")
            try:
                sell()
            except ValueError as error:
                scope.capture_exception(error)
            scope.end_session()
        sdk.close(timeout=5)
        until(lambda: bool(issues(store) and store.release_health.list(now_us(), 0)))
        until(lambda: not [*(workspace.state / "errors/spool").iterdir()])

    (issue,) = issues(store)
    (kept,) = store.errors.events(issue.id)
    place = store.errors.event(kept.id)
    assert place is not None
    event = place.event
    assert (event.service, event.environment, event.release) == ("shop", "production", "shop@1.0.0")
    assert event.raised is not None
    assert (event.raised.type, event.raised.value) == ("ValueError", "no stock for ***")
    assert event.raised.frames[-1].function == "sell"
    assert event.sdk.startswith("sentry.python")
    (attached,) = store.attachments.of(kept.id)
    with store.artifacts.open(attached.digest) as content:
        assert (attached.name, content.read()) == ("cart.txt", b"cart of ***")
    (health,) = store.release_health.list(now_us(), now_us())
    assert (health.release, health.environment, health.new_issues) == ("shop@1.0.0", "production", 1)
    assert (health.sessions, health.errored, health.crash_free, health.adoption) == (1, 1, 1.0, 1.0)


def test_what_is_acknowledged_is_stored_once_by_who_comes_next(workspace: Workspace, store: Store) -> None:
    """As after a kill: the segment is there, and is even read twice."""
    issued = project(store, workspace)
    with taking(workspace, store) as client:
        answer = post(client, issued, envelope({"event_id": "ab" * 16, "message": "lost?"}))
        until(lambda: not [*(workspace.state / "errors/spool").glob("*.sealed")] and bool(issues(store)))
        again = post(client, issued, envelope({"event_id": "ab" * 16, "message": "lost?"}))
    with taking(workspace, store):
        until(lambda: not [*(workspace.state / "errors/spool").iterdir()])

    assert answer.json() == again.json() == {"id": "ab" * 16}
    assert [issue.events for issue in issues(store)] == [1]


@pytest.mark.parametrize(("name", "pack"), [("gzip", gzip.compress), ("br", brotli.compress), ("", bytes)])
def test_bodies_come_as_clients_compress_them(workspace: Workspace, store: Store, name: str, pack: Any) -> None:
    """And one that is cut short, or inflates to more than 64 MiB, is refused for good."""
    issued = project(store, workspace)
    data = pack(envelope({"message": "x" * 5_000}))
    with taking(workspace, store) as client:
        headers = {"content-encoding": name} if name else {}
        assert post(client, issued, data, headers=headers).status_code == 200
        if name:
            assert post(client, issued, data[:-9], headers=headers).status_code == 400
            bomb = pack(bytes(65 << 20), **({"quality": 1} if name == "br" else {"compresslevel": 1}))
            assert post(client, issued, bomb, headers=headers).status_code == 413


def test_who_may_not_send_is_told_and_nothing_is_kept(workspace: Workspace, store: Store) -> None:
    """No key, an unknown one, one of another project, one for servers in a page, a page of elsewhere, a revoked one."""
    issued = project(store, workspace)
    browser = add_project_key(store, workspace, 1, KeyRequest((FROM,)))
    data = envelope({"message": "x"})
    with taking(workspace, store) as client:
        statuses = [
            client.post("/api/1/envelope/", content=data).status_code,
            client.post("/api/1/envelope/?sentry_key=nobody", content=data).status_code,
            client.post(f"/api/2/envelope/?sentry_key={issued.key.id}", content=data).status_code,
            client.post(f"/api/{10**30}/envelope/?sentry_key={issued.key.id}", content=data).status_code,
            post(client, issued, data, headers={"origin": FROM}).status_code,
            post(client, browser, data, headers={"origin": "https://evil.example"}).status_code,
        ]
        allowed = post(client, browser, data, headers={"origin": FROM})
        in_header = client.post("/api/1/envelope/", content=envelope({"message": "x"}, dsn=issued.dsn))
        revoke_project_key(store, browser.key.id)
        until(lambda: post(client, browser, data, headers={"origin": FROM}).status_code == 403)

    assert statuses == [401, 403, 403, 403, 403, 403]
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, FROM)
    assert in_header.status_code == 200


@pytest.mark.parametrize("header", ["sec-gpc", "dnt"])
def test_who_asks_not_to_be_followed_is_not_whichever_client_sends(
    workspace: Workspace, store: Store, header: str
) -> None:
    """Errors, sessions, reports, and what Faro and OpenTelemetry tell: answered as usual, counted, and kept nowhere."""
    browser = project(store, workspace, key=KeyRequest((FROM,)))
    items = [b"{}", b'{"type":"session"}', b'{"sid":"a","did":"ada","init":true,"attrs":{"release":"1.0"}}']
    faro = {"meta": {"page": {"url": FROM}}, "exceptions": [{"type": "E", "value": "v"}]}
    bodies = (
        ("envelope/", envelope({"message": "x", "user": {"id": "ada"}}), 200), ("envelope/", b"\n".join(items), 200),
        ("store/", b'{"message":"x"}', 200), ("security/", b'{"csp-report":{"blocked-uri":"x"}}', 201),
        ("faro", json.dumps(faro).encode(), 202), ("otlp/v1/traces", b'{"resourceSpans":[]}', 200),
    )  # fmt: skip
    with taking(workspace, store) as client:
        answers = [
            client.post(
                f"/api/1/{place}?sentry_key={browser.key.id}", content=body, headers={"origin": FROM, header: "1"}
            )
            for place, body, _ in bodies
        ]
    counts = json.loads((workspace.state / "errors/day.json").read_text("utf-8"))["counts"]

    assert [answer.status_code for answer in answers] == [status for _, _, status in bodies]
    assert counts.pop("requests dropped, browser declines") == len(bodies)
    assert not [name for name in counts if not name.startswith("events s")], counts
    assert not [*(workspace.state / "errors/spool").iterdir()]


def test_spans_logs_and_metrics_of_the_client_are_telemetry(workspace: Workspace, store: Store, tmp_path: Path) -> None:
    """Of its SDK, handed to the spool of telemetry; what the client says that it lost is counted."""
    issued = project(store, workspace)
    inbox = workspace.state / INBOX_FOLDER
    lost = {"discarded_events": [{"reason": "queue_overflow", "category": "error", "quantity": 7}, {"quantity": "x"}]}
    with taking(replace(workspace, telemetry=TelemetrySettings()), store) as client:
        sdk = sentry_sdk.Client(
            f"http://{issued.key.id}@127.0.0.1:{client.base_url.port}/1",
            release="shop@1.0.0",
            default_integrations=False,
            traces_sample_rate=1.0,
            enable_logs=True,
        )
        with sentry_sdk.isolation_scope() as scope:
            scope.set_client(sdk)
            with (
                sentry_sdk.start_transaction(op="http.server", name="POST /pay", sampled=True) as root,
                sentry_sdk.start_span(op="db.query", name="SELECT 1 -- ada@example.org"),
            ):
                logger.warning("paid {order}", order=17)
                metrics.count("orders", 3, attributes={"plan": "pro"})
                metrics.gauge("queue", 7)
                metrics.distribution("pay", 12.5, unit="millisecond")
            sdk.close(timeout=5)
        post(client, issued, b'{}\n{"type":"client_report"}\n' + json.dumps(lost).encode())
        until(lambda: len([*inbox.glob("*.sealed")]) == 3)
    adopted = Spool(tmp_path / "spool", 10**8, inbox=inbox).sealed()
    records = dict(read_segment(segment) for segment in adopted)
    counts = json.loads((workspace.state / "errors/day.json").read_text("utf-8"))["counts"]

    server, query = sorted(records[SignalKind.TRACES], key=lambda span: span.kind, reverse=True)
    (line,) = records[SignalKind.LOGS]
    assert (server.name, server.kind, server.service, server.trace_id) == ("POST /pay", "Server", "shop", root.trace_id)
    assert (query.name, query.kind, query.parent_span_id) == ("SELECT 1 -- ***", "Client", server.span_id)
    points = {point.name: point for point in records[SignalKind.METRICS]}
    assert (points["orders"].value, points["orders"].attributes["plan"]) == (SumValue(3.0, True, True), "pro")
    assert (points["queue"].value, points["queue"].service) == (GaugeValue(7.0), "shop")
    assert points["pay"].value == HistogramValue(1, 12.5, (1,), (), 12.5, 12.5, True)
    assert (points["pay"].unit, points["pay"].resource.get("host.name")) == ("millisecond", None)
    assert server.resource["service.version"] == line.resource["service.version"] == "shop@1.0.0"
    assert (line.body, line.severity_number, line.trace_id) == ("paid 17", 13, root.trace_id)
    assert counts["client lost error, queue_overflow"] == 7
    assert not [*inbox.iterdir()]


def test_telemetry_of_pages_has_a_day(workspace: Workspace, store: Store) -> None:
    """Beyond its bytes it is passed over, and counted for the incident; that of servers goes on.

    What an item has beyond a thousand records is counted.
    """
    issued = project(store, workspace)
    browser = add_project_key(store, workspace, 1, KeyRequest((FROM,)))
    sent = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"paid"}}]}]}]}'
    session = b'{}\n{"type":"session"}\n{"init":true,"attrs":{"release":"1"}}'
    many = b'{}\n{"type":"log"}\n' + json.dumps({"items": [{"body": "paid"}] * 1_003}).encode()
    errors = replace(workspace.errors or ErrorSettings(), telemetry_bytes_per_day=2 * len(sent))
    with taking(replace(workspace, telemetry=TelemetrySettings(), errors=errors), store) as client:
        logs, from_page = "/api/1/otlp/v1/logs?sentry_key=", {"origin": FROM}
        answers = [client.post(logs + browser.key.id, content=sent, headers=from_page).json() for _ in range(3)]
        post(client, browser, session, headers=from_page)
        of_server = client.post(logs + issued.key.id, content=sent).json()
        post(client, issued, many)
    counts = json.loads((workspace.state / "errors/day.json").read_text("utf-8"))["counts"]

    assert [*map(bool, answers), bool(of_server)] == [False, False, True, False]
    assert counts["project 1 telemetry beyond the limit of the day"] == 2
    assert counts["project 1 bytes of telemetry"] == 2 * len(sent)
    assert counts["records of log items left out, beyond 1,000"] == 3
    assert "sessions taken" not in counts


def test_exceptions_and_logs_of_faro_are_taken(workspace: Workspace, store: Store, tmp_path: Path) -> None:
    """With the key in the header that its SDK sends; the innermost call of its stacks comes first."""
    project(store, workspace)
    browser = add_project_key(store, workspace, 1, KeyRequest((FROM,)))
    frames = [{"function": own, "filename": "https://shop.example/app.js", "lineno": 1} for own in ("charge", "pay")]
    trace = {"trace_id": "ab" * 16, "span_id": "cd" * 8}
    payload = {
        "meta": {"app": {"name": "shop", "version": "1.4"}, "page": {"url": "https://shop.example/cart?card=4242"},
                 "browser": {"name": "Firefox"}, "session": {"id": "s1"}},
        "exceptions": [{"type": "TypeError", "value": "x is not a function", "stacktrace": {"frames": frames},
                        "trace": trace}],
        "logs": [{"message": "paid by ada@example.org", "level": "warn", "trace": trace}],
        "measurements": [{"type": "cart"}, {"type": "web-vitals", "values": {"lcp": 10**400}}],
    }  # fmt: skip
    inbox = workspace.state / INBOX_FOLDER
    headers = {"origin": FROM, "x-api-key": browser.key.id}
    with taking(replace(workspace, telemetry=TelemetrySettings()), store) as client:
        asked = client.options("/api/1/faro", headers=headers)
        answers = [client.post("/api/1/faro", json=own, headers=headers) for own in (payload, {"meta": 5})]
        until(lambda: bool(issues(store)) and bool([*inbox.glob("*.sealed")]))
    (issue,) = issues(store)
    (kept,) = store.errors.events(issue.id)
    place = store.errors.event(kept.id)
    counts = json.loads((workspace.state / "errors/day.json").read_text("utf-8"))["counts"]

    assert "x-faro-session-id" in asked.headers["access-control-allow-headers"]
    assert [answer.status_code for answer in answers] == [202, 400]
    assert place is not None
    event = place.event
    assert event.raised is not None
    assert [frame.function for frame in event.raised.frames] == ["pay", "charge"]
    assert (event.release, event.trace_id, event.request.url) == ("1.4", "ab" * 16, "https://shop.example/cart")
    (segment,) = Spool(tmp_path / "spool", 10**8, inbox=inbox).sealed()
    (line,) = read_segment(segment)[1]
    assert (line.body, line.severity_number, line.service) == ("paid by ***", 13, "shop")
    assert counts["measurements of Faro skipped"] == 1


def test_beyond_a_limit_clients_are_asked_to_wait(workspace: Workspace, store: Store) -> None:
    """In the form that they honour; the limit of the day outlives a restart."""
    issued = project(store, workspace, per_day=2)
    with taking(workspace, store) as client:
        taken = [post(client, issued, envelope({"message": "x"})).status_code for _ in range(2)]
        refused = post(client, issued, envelope({"message": "x"}))
    with taking(workspace, store) as client:
        after = post(client, issued, envelope({"message": "x"}))

    assert (taken, refused.status_code, after.status_code) == ([200, 200], 429, 429)
    assert int(refused.headers["retry-after"]) > 0
    assert refused.headers["x-sentry-rate-limits"].endswith(":error;default;security:key")


def test_an_address_and_a_project_that_sent_enough_are_told_apart(workspace: Workspace, store: Store) -> None:
    """Each limit is counted under its name; what is beyond the day's is counted by project, so that people are told."""
    issued = project(store, workspace, per_day=2, key=KeyRequest(per_address=3))
    with taking(workspace, store) as client:
        answers = [post(client, issued, envelopes([{"message": "x"}] * count)) for count in (2, 1, 4)]
    counts = json.loads((workspace.state / "errors/day.json").read_text("utf-8"))["counts"]

    assert [answer.status_code for answer in answers] == [200, 429, 429]
    assert counts["project 1 events beyond the limit of the day"] == counts["events refused, limit of the day"] == 1
    assert counts["events refused, limit of the address"] == 4


@pytest.mark.parametrize(("causes", "kept"), [(1, 32), (240, 240)])
def test_a_flood_is_counted_exactly_and_sampled(workspace: Workspace, store: Store, causes: int, kept: int) -> None:
    """What is offered is stored, sampled or refused; of each issue the first, the last and thirty between are whole."""
    issued = project(store, workspace, key=KeyRequest(per_minute=240))
    names = str.maketrans("0123456789", "abcdefghij")  # a number would be no other cause
    types = [f"E{number % causes}".translate(names) for number in range(1, 301)]
    events = [{"event_id": f"{number:032x}", "exception": [{"type": name}]} for number, name in enumerate(types, 1)]
    with taking(workspace, store) as client:
        statuses = [post(client, issued, envelopes(events[at : at + 20])).status_code for at in range(0, 300, 20)]
        again = post(client, issued, envelopes([{"message": "x" * (5 << 20)}]))
        until(lambda: not [*(workspace.state / "errors/spool").iterdir()])
    found = store.errors.list(IssueQuery(now_us()), 1_000)
    whole = [own.id for issue in found for own in store.errors.events(issue.id)]
    counts = json.loads((workspace.state / "errors/day.json").read_text("utf-8"))["counts"]

    assert (statuses, again.status_code) == ([200] * 12 + [429] * 3, 413)
    assert len(found) == causes
    assert sum(issue.events for issue in found) == counts["events taken"] == 240
    assert counts["events stored"] + counts["events sampled"] == 240
    assert counts["events taken"] + counts["events refused, limit of the key"] == 300
    assert counts["events refused, too large"] == 1
    assert len(whole) == kept
    assert {f"{1:032x}", f"{240:032x}"} < set(whole)


def test_a_hundred_thousand_events_and_ten_thousand_causes_in_a_minute_are_counted(store: Store) -> None:
    """As they are read from the spool: exactly, of each its first, its last and a fair sample; others are seen."""
    tally, plain, began_us = Tally(), ErrorEvent("", 1, 0, 0, service="shop", environment="live"), now_us()
    flood = replace(plain, exceptions=(ErrorException("Declined", "no"),))
    letters = str.maketrans("0123456789", "abcdefghij")  # a number would be no other cause
    causes = [(ErrorException(f"E{number}".translate(letters), ""),) for number in range(10_000)]

    def add(first: int, count: int, make: Callable[[int], ErrorEvent]) -> None:
        events = [
            replace(make(number), id=f"{first + number:032x}", at_us=began_us + 540 * (first + number))
            for number in range(count)
        ]
        for at in range(0, count, 2_000):
            add_events(store.errors.add, events[at : at + 2_000], tally)

    add(0, 50_000, lambda _: flood)
    add(50_000, 10_000, lambda number: replace(plain, exceptions=causes[number]))
    add(60_000, 1, lambda _: replace(plain, message="one of another"))
    add(60_001, 50_000, lambda _: flood)

    worst, *others = store.errors.list(IssueQuery(began_us + 70_000_000, order=IssueOrder.EVENTS), 20_000)
    kept = [int(own.id, 16) for own in store.errors.events(worst.id, limit=1_000)]
    counts = tally.counts()
    assert (worst.title, worst.events, worst.first_us) == ("Declined", 100_000, began_us)
    assert (len(kept), kept[0], kept[-1]) == (32, 110_000, 0)
    assert 20_000 < sum(kept) / len(kept) < 90_000
    assert (len(others), {issue.events for issue in others}) == (10_001, {1})
    assert counts["events stored"] + counts["events sampled"] == 110_001
    assert "one of another" in {issue.title for issue in others}


def test_events_that_are_hostile_are_bounded_and_take_nothing_with_them(workspace: Workspace, store: Store) -> None:
    """No message, a chain of 1,000, frames of 1 MB, NUL and half characters; a plain one is an issue, too."""
    issued = project(store, workspace)
    huge = {"filename": "f" * (1 << 20), "function": "g" * (1 << 20), "vars": {"v": "x" * (1 << 20)}}
    events: list[dict[str, Any]] = [
        {},
        {"exception": {"values": [{"type": f"Chain{number}", "value": "v"} for number in range(1_000)]}},
        {"exception": {"values": [{"type": "Huge", "stacktrace": {"frames": [huge]}}]}},
        {"message": "a\0b\ud800", "user": {"id": "\udfff"}, "tags": {"\0": "\ud800"}, "release": "\ud800"},
        {"exception": {"values": [None, 7, {"type": ["x"], "stacktrace": {"frames": {"a": 1}}}]}, "contexts": []},
        {"message": "plain"},
    ]
    with taking(workspace, store) as client:
        statuses = [post(client, issued, envelope(own)).status_code for own in events]
        until(lambda: not [*(workspace.state / "errors/spool").iterdir()])
    counts = json.loads((workspace.state / "errors/day.json").read_text("utf-8"))["counts"]
    whole = [store.errors.event(own.id) for issue in issues(store) for own in store.errors.events(issue.id)]

    assert statuses == [200] * len(events)
    assert counts["events taken"] == counts["events stored"] == len(events) == len(whole)
    assert all(place is not None and len(event_to_json(place.event)) < 100_000 for place in whole)
    assert {issue.title for issue in issues(store)} >= {"(no message)", "plain", "Huge"}


def test_what_is_no_error_is_counted_and_passed_over(workspace: Workspace, store: Store) -> None:
    """Transactions, sessions, and items that nobody knows; old clients and browsers have addresses of their own."""
    issued = project(store, workspace)
    browser = add_project_key(store, workspace, 1, KeyRequest((FROM,)))
    items = b'{}\n{"type":"transaction"}\n{}\n{"type":"session"}\n{}\n{"type":"tomorrow"}\n{}\n'
    sums = b'{}\n{"type":"sessions"}\n{"aggregates":[{"exited":1000000}],"attrs":{"release":"1"}}\n'
    with taking(workspace, store) as client:
        other = post(client, issued, items)
        post(client, browser, sums, headers={"origin": FROM})
        event = client.post("/api/1/store/", content=b'{"message":"old"}', headers={
            "x-sentry-auth": f"Sentry sentry_version=7, sentry_key={issued.key.id}"})  # fmt: skip
        report = client.post(
            f"/api/1/security/?sentry_key={issued.key.id}", content=b'{"csp-report":{"blocked-uri":"x"}}'
        )
        bad = post(client, issued, envelope({})[:-3])
    counts = json.loads((workspace.state / "errors/day.json").read_text("utf-8"))["counts"]

    assert (other.status_code, other.json()) == (200, {})
    assert len(event.json()["id"]) == 32
    assert (report.status_code, bad.status_code) == (201, 400)
    passed_over = ("transaction items skipped", "sessions left out, no release", "unknown items skipped",
                   "sessions left out, sums of a page")  # fmt: skip
    assert [counts[name] for name in passed_over] == [1, 1, 1, 1]
    assert counts["events taken"] == 2
