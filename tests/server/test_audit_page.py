"""Who changed what, on the page and by the API."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.dashboard.error_scene import declined

from outrider.model import AuditEntry, ErrorUser, ReplaySegment, Role
from outrider.server import TokenRequest, issue_token

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Browser, Server

ROLES = pytest.mark.parametrize(("least", "statuses"), [(Role.OPERATOR, [403, 200]), (Role.ADMIN, [403, 403])])
HOSTILE = "<script>alert(1)</script>\u202e"


def entry(server: Server, subject: str = HOSTILE) -> AuditEntry:
    return AuditEntry(server.now_us, "ada", "silence.add", subject, "deploy", "10.0.0.9")


def viewer_and_operator(server: Server) -> list[Browser]:
    """Return browsers of a viewer, eve, and of an operator, ada, who are signed in."""
    browsers = []
    for name, role in (("eve", Role.VIEWER), ("ada", Role.OPERATOR)):
        server.add_user(name, role)
        browsers.append(server.browser())
        browsers[-1].sign_in(name)
    return browsers


def test_the_page_lists_changes_and_leads_to_earlier_ones(server: Server) -> None:
    """Fifty at a time; what somebody typed is text."""
    server.use(is_loopback=True)
    for number in range(60):
        server.store.audit.record(entry(server, f"change {number} {HOSTILE}"))
    browser = server.browser("127.0.0.1", "http://localhost")

    first = browser.get("/audit").text
    second = browser.get("/audit?before=11").text
    odd = [browser.get(f"/audit?before={text}").status_code for text in ("x", "-1", "9" * 30, "%00", "0")]

    assert "change 59 &lt;script&gt;" in first
    assert 'href="/audit?before=11"' in first
    assert first.count("change ") == 50
    assert second.count("change ") == 10
    assert odd == [200] * 5


def test_a_viewer_does_not_read_who_changed_what(server: Server) -> None:
    """Addresses and names are for operators; a token has its own role."""
    made = [issue_token(server.store, TokenRequest("t", role=role), entry(server)) for role in Role]

    answers = [
        server.browser().get("/api/v1/audit?limit=1", Authorization=f"Bearer {issued.secret}") for issued in made
    ]

    assert [answer.status_code for answer in answers] == [403, 200, 200]
    assert answers[0].json()["type"] == "docs/errors.md#role-too-low"
    page = answers[1].json()
    assert (page["items"][0]["actor"], page["items"][0]["subject"]) == ("ada", "<script>alert(1)</script>\\u202e")
    following = server.browser().get(
        f"/api/v1/audit?limit=9&before={page['next']}", Authorization=f"Bearer {made[1].secret}"
    )
    assert len(following.json()["items"]) == 2


@ROLES
def test_replays_are_for_a_role_of_their_own_and_who_watches_is_noted(
    server: Server, tmp_path: Path, least: Role, statuses: list[int]
) -> None:
    """A replay shows more of a person than any other page. The API lists replays, and hands over their events."""
    part, api = tmp_path / "part", f"/api/v1/replays/{'a' * 32}"
    events = [{"type": 2, "data": {}, "timestamp": 1}, {"type": 3, "data": {"text": "\u2028"}, "timestamp": 2}]
    part.write_bytes(gzip.compress(json.dumps(events).encode(), mtime=0))
    segment = ReplaySegment("a" * 32, "b" * 16, 0, 1, server.now_us, server.now_us, has_snapshot=True, events=2)
    server.store.replays.add(segment, part)
    server.use(replay_role=least)

    browsers = viewer_and_operator(server)
    answers = [
        [browser.get(path) for browser in browsers]
        for path in (f"/replays/{segment.session}", f"{api}/events", api, "/api/v1/replays")
    ]

    watched = [entry for entry in server.store.audit.search() if entry.action == "replay.watch"]
    assert [[answer.status_code for answer in pair] for pair in answers] == [statuses] * 4
    assert [(entry.actor, entry.subject) for entry in watched] == [("ada", segment.session)] * 2 * statuses.count(200)
    if 200 in statuses:
        assert [json.loads(line) for line in answers[1][1].text.split("\n")[:-1]] == events
        assert browsers[1].get(f"/api/v1/replays/{'b' * 32}/events").status_code == 404


@ROLES
def test_users_and_requests_of_errors_are_for_a_role_of_their_own_and_each_look_is_noted(
    server: Server, least: Role, statuses: list[int]
) -> None:
    """Page and API show everybody what tells of nobody; the rest is opened on purpose."""
    sent = declined()
    headers = {"User-Agent": "Firefox", "Referer": "https://bank.example/anna", "Cookie": "***"}
    event = replace(
        sent, user=ErrorUser("customer-17", "anna.5@shop.example", "Anna Bell", "192.0.2.7"),
        request=replace(sent.request, query="for=anna", body='{"pin": "anna-42"}', headers=headers),
        contexts={"response": {"status_code": "502", "data": "dear anna"}},
    )  # fmt: skip
    personal = ("customer-17", "anna.5@", "Anna Bell", "192.0.2.7", "bank.example", "for=anna", "anna-42", "dear anna")
    server.store.errors.add([event])
    server.use(personal_role=least)
    browsers = viewer_and_operator(server)
    api = f"/api/v1/error-events/{event.id}"

    plain = [browser.get(path).text for browser in browsers for path in ("/errors/1", api)]
    offers = ["/errors/1/personal" in page for page in plain[::2]]
    looks = list(server.store.audit.search())
    opened = [browser.get(f"{path}/personal") for browser in browsers for path in ("/errors/1", api)]

    assert [word for page in plain for word in personal if word in page] == []
    assert all(f"hidden: the role {least.value} sees it" in page and "Firefox" in page for page in plain)
    assert offers == [status == 200 for status in statuses]
    assert [entry for entry in looks if entry.action == "event.read"] == []
    assert [answer.status_code for answer in opened] == [status for status in statuses for _ in range(2)]
    told = [[word for word in personal if word in answer.text] for answer in opened]
    assert told == [list(personal) if answer.status_code == 200 else [] for answer in opened]
    read = [entry for entry in server.store.audit.search() if entry.action == "event.read"]
    assert [(entry.actor, entry.subject) for entry in read] == [("ada", event.id)] * 2 * statuses.count(200)
