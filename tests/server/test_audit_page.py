"""Who changed what, on the page and by the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrider.model import AuditEntry, ReplaySegment, Role
from outrider.server import TokenRequest, issue_token

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Server

HOSTILE = "<script>alert(1)</script>\u202e"


def entry(server: Server, subject: str = HOSTILE) -> AuditEntry:
    return AuditEntry(server.now_us, "ada", "silence.add", subject, "deploy", "10.0.0.9")


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


@pytest.mark.parametrize(("least", "statuses"), [(Role.OPERATOR, [403, 200]), (Role.ADMIN, [403, 403])])
def test_replays_are_for_a_role_of_their_own_and_who_watches_is_noted(
    server: Server, tmp_path: Path, least: Role, statuses: list[int]
) -> None:
    """A replay shows more of a person than any other page."""
    part = tmp_path / "part"
    part.write_bytes(b"a part")
    segment = ReplaySegment("a" * 32, "b" * 16, 0, 1, server.now_us, server.now_us, has_snapshot=True, events=2)
    server.store.replays.add(segment, part)
    server.use(replay_role=least)
    browsers = []
    for name, role in (("eve", Role.VIEWER), ("ada", Role.OPERATOR)):
        server.add_user(name, role)
        browsers.append(server.browser())
        browsers[-1].sign_in(name)

    answers = [browser.get(f"/replays/{segment.session}") for browser in browsers]

    watched = [entry for entry in server.store.audit.search() if entry.action == "replay.watch"]
    assert [answer.status_code for answer in answers] == statuses
    assert [(entry.actor, entry.subject) for entry in watched] == [("ada", segment.session)] * statuses.count(200)
