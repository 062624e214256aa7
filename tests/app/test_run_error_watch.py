"""What runs meet has issues: a page that throws in a journey has one with its stack."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from tests.builders import run_of
from tests.waiting import until

from outrider.app import WorkspaceService, open_store
from outrider.app.access.workspace_access import now_us
from outrider.app.errors.error_projects import KeyRequest, add_project
from outrider.app.errors.run_error_watch import RunErrorWatch
from outrider.model import Check, CheckId, ErrorRecord, ErrorSource, IssueQuery, Kind, Measurement, Outcome, Policy
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JOURNEY = """
def test_pay(page):
    page.goto("{site}/pay?card=1")
    with page.expect_event("pageerror"):
        page.get_by_role("button").click()
"""
TRACE = "a" * 32
PROBE = """
[orders]
kind = "http"
url = "{site}/orders?key=1"
"""
STACK = """Traceback (most recent call last):
  File "/srv/orders.py", line 7, in place
KeyError: 'sku'"""
PRINTED = json.dumps({"trace": STACK}).encode()
PAGES = {
    "/pay": b"<button onclick='pay()'>Pay</button><script src='/app.js'></script>",
    "/app.js": b"function charge(card) {\n  return card.number;\n}\nfunction pay() {\n  charge(null);\n}\n",
}


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        body = PAGES.get(path, PRINTED)
        self.send_response(200 if path in PAGES else 500)
        self.send_header("Content-Type", "text/javascript" if path.endswith(".js") else "text/html")
        self.send_header("Server-Timing", f'traceparent;desc="00-{TRACE}-{"b" * 16}-01"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.browser
@pytest.mark.slow
def test_a_page_and_an_answer_with_a_stack_have_issues_with_it(tmp_path: Path, site: str) -> None:
    """The check names the service by a label; the event has the trace that leads to the run, and the page's address."""
    (tmp_path / "journeys").mkdir()
    (tmp_path / "journeys" / "test_shop.py").write_text(JOURNEY.format(site=site), "utf-8")
    (tmp_path / "probes").mkdir()
    (tmp_path / "probes" / "shop.toml").write_text(PROBE.format(site=site), "utf-8")
    settings = '[errors]\n[journeys]\nstarved_above = 1.0\n[defaults]\nevery = "5s"\nlabels = {service = "shop"}\n'
    (tmp_path / "outrider.toml").write_text(settings, "utf-8")
    workspace = load(tmp_path)
    with open_store(workspace) as store:
        add_project(store, workspace, "shop", "production", per_day=1_000, key=KeyRequest())
        service = WorkspaceService(workspace, store)
        thread = threading.Thread(target=service.serve)
        thread.start()
        try:
            until(lambda: len(store.errors.list(IssueQuery(now_us()))) > 1)
        finally:
            service.stop()
            thread.join(60)

        issue, answered = sorted(store.errors.list(IssueQuery(now_us())), key=lambda own: own.title, reverse=True)
        place = store.errors.event(store.errors.events(issue.id)[0].id)
        assert place is not None
        event = place.event
        runs = {link.run for link in store.trace_links.of_traces([TRACE], limit=5)}
    assert (issue.service, event.exceptions[0].type) == ("shop", "TypeError")
    innermost = event.exceptions[0].frames[-1]
    assert (innermost.function, innermost.path, innermost.line) == ("charge", f"{site}/app.js", 2)
    assert [frame.function for frame in event.exceptions[0].frames][-2:] == ["pay", "charge"]
    assert (answered.title, answered.value, answered.culprit.rpartition("::")[2]) == ("KeyError", "'sku'", "orders")
    assert event.trace_id == TRACE
    assert event.contexts["outrider"]["run"] in runs
    assert event.request.url == f"{site}/pay"


@pytest.mark.parametrize(
    ("settings", "service", "count"),
    [
        ("[errors]\n", "shop", 1),
        ("[errors]\n", "unknown", 0),
        ("[errors]\n", "", 0),
        ("[errors]\nruns = false\n", "shop", 0),
        ("", "shop", 0),
        ("[errors]\n[capabilities]\nerrors = false\n", "shop", 0),
    ],
)
def test_errors_of_runs_are_taken_where_they_are_switched_on(
    tmp_path: Path, settings: str, service: str, count: int
) -> None:
    """The section, the capability, and a project of the service are needed; a run that comes twice counts once."""
    (tmp_path / "outrider.toml").write_text(settings, "utf-8")
    workspace = load(tmp_path)
    check = Check(CheckId("journey:shop"), Kind.JOURNEY, "", "", "", Policy(labels={"service": service}))
    thrown = ErrorRecord(ErrorSource.PAGE, "Error: x", "Error: x\n at f (http://a.test/a.js:1:1)")
    run = run_of(Measurement(Outcome.PASSED, "", now_us(), 1.0, errors=(thrown,)))
    with open_store(workspace) as store:
        add_project(store, workspace, "shop", "production", per_day=1_000, key=KeyRequest())
        watch = RunErrorWatch(workspace, store.projects, store)
        watch.use(workspace, [check])

        watch.run_finished(run, [])
        watch.run_finished(run, [])

        assert [issue.events for issue in store.errors.list(IssueQuery(now_us()))] == [1] * count
