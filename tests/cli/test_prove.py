"""`outrider prove` breaks each journey's target on purpose, by the real program in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.cli.conftest import CALM

from outrider.store import Store

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

    from outrider.model import StoredProof

pytestmark = pytest.mark.browser

JOURNEYS = """
import json, os
from playwright.sync_api import Error, expect
SITE = os.environ["SITE"]

def test_watchful(page):
    page.goto(SITE)
    expect(page.get_by_role("heading")).to_have_text("Hello", timeout=1_000)

def test_blind(page):
    try:
        page.goto(SITE, timeout=1_000)
    except Error:
        pass

def test_mocked(page):
    page.route("**/*", lambda route: route.fulfill(content_type="text/html", body="<h1>Hello</h1>"))
    page.goto(SITE)
    expect(page.get_by_role("heading")).to_have_text("Hello", timeout=1_000)

def test_raises(page):
    page.goto(SITE, timeout=1_000)
    page.query_selector("h1").inner_text()

def test_third_party(page):
    page.goto(SITE)
    expect(page.get_by_role("heading")).to_have_text("Hello", timeout=1_000)
    page.evaluate("fetch(location.origin.replace('127.0.0.1', 'localhost')).catch(() => {})")

def test_continued(page):
    page.route("**/*", lambda route: route.continue_(headers={**route.request.headers, "x-test": "1"}))
    page.goto(SITE)
    expect(page.get_by_role("heading")).to_have_text("Hello", timeout=1_000)

def test_without_pictures(page):
    page.route("**/*", lambda route: route.abort() if route.request.url.endswith("png") else route.continue_())
    page.goto(SITE)
    page.evaluate("fetch('/logo.png').catch(() => {})")
    expect(page.get_by_role("heading")).to_have_text("Hello", timeout=1_000)

def test_fetched(page):
    page.route("**/*", lambda route: route.fulfill(response=route.fetch()))
    page.goto(SITE)
    expect(page.get_by_role("heading")).to_have_text("Hello", timeout=1_000)

def test_own_content(page):
    page.set_content("<h1>Hello</h1>")
    expect(page.get_by_role("heading")).to_have_text("Hello", timeout=1_000)

def test_routed_by_context(page, context):
    context.route("**/*", lambda route: route.fulfill(content_type="text/html", body="<h1>Hello</h1>"))
    page.goto(SITE)
    expect(page.get_by_role("heading")).to_have_text("Hello", timeout=1_000)

def test_replayed(page, tmp_path):
    answer = dict(status=200, statusText="OK", httpVersion="HTTP/1.1", cookies=[], redirectURL="", headersSize=-1,
        bodySize=-1, headers=[dict(name="content-type", value="text/html")],
        content=dict(size=-1, mimeType="text/html", text="<h1>Hello</h1>"))
    request = dict(method="GET", url=SITE + "/", httpVersion="HTTP/1.1", cookies=[], headers=[], queryString=[],
        headersSize=-1, bodySize=-1)
    entry = dict(startedDateTime="2026-01-01T00:00:00Z", time=1, request=request, response=answer, cache={},
        timings=dict(send=0, wait=1, receive=0))
    log = dict(version="1.2", creator=dict(name="x", version="1"), pages=[], entries=[entry])
    (tmp_path / "shop.har").write_text(json.dumps(dict(log=log)))
    page.route_from_har(tmp_path / "shop.har")
    page.goto(SITE)
    expect(page.get_by_role("heading")).to_have_text("Hello", timeout=1_000)

def test_mocked_socket(page):
    page.route_web_socket("**/ws", lambda socket: socket.send("Hello"))
    page.set_content("<h1></h1><script>new WebSocket('ws://shop.example/ws').onmessage = message => "
        "document.querySelector('h1').textContent = message.data</script>")
    expect(page.get_by_role("heading")).to_have_text("Hello", timeout=1_000)

def test_blank(page):
    page.goto("about:blank")
    expect(page).to_have_url("about:blank")

def test_by_itself(page): assert page.request.get(SITE + "/tiny").text() == "x"
def test_broken(page): page.goto(SITE); assert False, "red as it is"
"""


@pytest.fixture(scope="module")
def proved(desk: Desk, site: str) -> dict[str, Any]:
    desk.write("outrider.toml", f'{CALM}[defaults]\ntimeout = "5s"\n')
    desk.write("journeys/test_proofs.py", JOURNEYS)
    done = desk.outrider("prove", "--json", SITE=site)
    assert done.returncode == 1, done.stderr
    desk.write("stderr.txt", done.stderr)
    import json

    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.fixture(scope="module")
def stored(desk: Desk, proved: dict[str, Any]) -> tuple[StoredProof, ...]:
    with Store.open(desk.root / ".outrider/outrider.db", artifacts=desk.root / ".outrider/artifacts") as store:
        return store.proofs.latest()


def verdicts(proved: dict[str, Any], name: str) -> dict[str, tuple[str, bool]]:
    return {
        proof_row["fault"]: (proof_row["outcome"], proof_row["noticed"])
        for proof_row in proved["checks"][f"journey:journeys/test_proofs.py::{name}"]
    }


def test_a_journey_that_stays_green_under_a_dead_server_is_vacuous_by_name(desk: Desk, proved: dict[str, Any]) -> None:
    """It is in the report, and said aloud."""
    names = {"test_blind", "test_mocked", "test_own_content", "test_routed_by_context", "test_replayed"}
    names |= {"test_mocked_socket", "test_blank"}
    assert {check.rpartition("::")[2] for check in proved["vacuous"]} == names
    said = " ".join((desk.root / "stderr.txt").read_text().split())
    assert "vacuous: journey:journeys/test_proofs.py::test_blind it passes although the server is dead" in said
    assert "vacuous: journey:journeys/test_proofs.py::test_blank the test asks no server" in said
    assert "proves nothing: journey:journeys/test_proofs.py::test_broken it does not pass" in said


def test_a_journey_that_looks_notices_every_dead_server(proved: dict[str, Any]) -> None:
    """A blocked third party is none of its business: it has none."""
    seen = verdicts(proved, "test_watchful")

    assert seen.pop("") == ("passed", False)
    assert seen.pop("blocked third party") == ("skipped", False)
    assert set(seen.values()) == {("failed", True)}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("test_mocked", "the test's own routes answer every request: no server was asked"),
        ("test_routed_by_context", "the test's own routes answer every request: no server was asked"),
        ("test_replayed", "the test's own routes answer every request: no server was asked"),
        ("test_mocked_socket", "the test asks no server: it looks at content of its own"),
        ("test_own_content", "the test asks no server: it looks at content of its own"),
        ("test_blank", "the test asks no server: it looks at content of its own"),
    ],
)
def test_a_journey_that_asks_no_server_is_vacuous(proved: dict[str, Any], name: str, reason: str) -> None:
    """Its reason says so, for routes of page and context, a HAR, a socket, and content of the test's own."""
    proofs = proved["checks"][f"journey:journeys/test_proofs.py::{name}"][1:]

    assert {proof["verdict"] for proof in proofs} == {"not applicable"}
    assert {proof["reason"] for proof in proofs if proof["fault"] == "abort"} == {reason}


@pytest.mark.parametrize("name", ["test_continued", "test_without_pictures", "test_fetched"])
def test_a_route_that_lets_requests_go_on_hides_no_dead_server(proved: dict[str, Any], name: str) -> None:
    """What the test's own route continues or fetches meets the fault as any request does."""
    noticed = {fault: noticed for fault, (_, noticed) in verdicts(proved, name).items()}

    assert {fault for fault in ("abort", "error 500", "empty body", "delay") if noticed[fault]} == {
        "abort", "error 500", "empty body", "delay",
    }  # fmt: skip


def test_a_journey_that_sets_its_own_content_is_vacuous(proved: dict[str, Any]) -> None:
    """It never asks its target for anything, and stays green whatever that does."""
    assert verdicts(proved, "test_own_content")["abort"] == ("skipped", False)


def test_an_error_that_the_script_raises_under_a_fault_is_noticed(proved: dict[str, Any]) -> None:
    """It passed before, so the fault is what changed."""
    seen = verdicts(proved, "test_raises")

    assert seen["empty body"] == ("setup error", True)


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("test_watchful", "not applicable"), ("test_third_party", "not noticed"), ("test_by_itself", "not applicable")],
)
def test_a_page_without_third_parties_needs_not_notice_them(proved: dict[str, Any], name: str, verdict: str) -> None:
    """A block that met nothing says nothing."""
    proofs = proved["checks"][f"journey:journeys/test_proofs.py::{name}"]

    assert [proof["verdict"] for proof in proofs if proof["fault"] == "blocked third party"] == [verdict]


def test_requests_that_no_fault_can_meet_prove_nothing(proved: dict[str, Any]) -> None:
    """A journey is not called vacuous for what was never broken."""
    seen = verdicts(proved, "test_by_itself")

    assert seen.pop("") == ("passed", False)
    assert seen.pop("blocked third party") == ("skipped", False)
    assert set(seen.values()) == {("inconclusive", False)}


def test_a_journey_that_is_red_already_proves_nothing(proved: dict[str, Any]) -> None:
    """Only the intact target was tried."""
    assert verdicts(proved, "test_broken") == {"": ("failed", False)}


def test_the_verdict_is_stored_with_the_check(proved: dict[str, Any], stored: tuple[StoredProof, ...]) -> None:
    """What was told can be read again, with the state of the workspace that it was proved from."""
    kept = {(proof_row.check, proof_row.fault): (proof_row.outcome, proof_row.noticed) for proof_row in stored}

    assert kept == {
        (name, proof["fault"]): (proof["outcome"], proof["noticed"])
        for name, proofs in proved["checks"].items()
        for proof in proofs
    }
    assert all(proof_row.snapshot for proof_row in stored)
