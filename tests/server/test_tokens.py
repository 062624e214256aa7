"""Tokens on the page: created and shown once, revoked, and used by heartbeats."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from outrider.model import CheckId, Role, TokenKind
from outrider.server import TokenRequest, issue_token
from outrider.server.viewer import Viewer

from .conftest import HOUR_US

if TYPE_CHECKING:
    import httpx

    from .conftest import Browser, Server

FORM = {"name": "ci", "kind": "api", "role": "operator", "days": "30", "scope": ""}


@pytest.fixture
def admin(server: Server) -> Browser:
    server.add_user()
    browser = server.browser()
    browser.sign_in()
    return browser


def create(browser: Browser, **changes: str) -> httpx.Response:
    return browser.submit("/tokens/create", {**FORM, **changes, "form_token": browser.form_token("/tokens")})


def test_a_token_is_shown_once_and_lets_a_program_in(server: Server, admin: Browser) -> None:
    """Only its digest is kept; a revoked one lets nobody in."""
    created = create(admin)
    match = re.search(r"<pre>(outrider_api_[\w-]{43})</pre>", created.text)
    assert match is not None
    (token,) = server.store.tokens.all()
    header = f"Bearer {match[1]}"

    before = server.browser().get("/api/v1/checks", Authorization=header)
    revoked = admin.submit("/tokens/revoke", {"token": token.id, "form_token": admin.form_token("/tokens")})
    after = server.browser().get("/api/v1/checks", Authorization=header)

    assert [answer.status_code for answer in (before, revoked, after)] == [200, 303, 401]
    assert match[1] not in admin.get("/tokens").text
    assert ">revoked<" in admin.get("/tokens").text
    actions = [(entry.actor, entry.action) for entry in server.store.audit.search()]
    assert actions == [("ada", "token.revoke"), ("ada", "token.create"), ("ada", "session.begin")]


def test_a_token_ends_when_its_time_is_over(server: Server, admin: Browser) -> None:
    """And not before."""
    match = re.search(r"<pre>(\S+)</pre>", create(admin).text)
    assert match is not None

    statuses = []
    for _ in range(2):
        statuses.append(server.browser().get("/api/v1/checks", Authorization=f"Bearer {match[1]}").status_code)
        server.now_us += 30 * 24 * HOUR_US

    assert statuses == [200, 401]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": " "},
        {"name": "x" * 101},
        {"name": "a\u202eb"},
        {"kind": "root"},
        {"role": "root"},
        {"days": "0"},
        {"days": "-1"},
        {"days": "nan"},
        {"days": "9" * 400},
        {"days": "x"},
        {"kind": "heartbeat"},
        {"scope": "probe:nightly"},
        {"kind": "heartbeat", "scope": "probe:nowhere"},
    ],
)
def test_a_token_that_makes_no_sense_is_not_created(server: Server, admin: Browser, changes: dict[str, str]) -> None:
    """The page says what is wrong."""
    answer = create(admin, **changes)

    assert answer.status_code == 200
    assert 'role="alert"' in answer.text
    assert server.store.tokens.all() == ()


@pytest.mark.parametrize("path", ["/tokens/create", "/account/password"])
def test_who_loads_the_answer_to_a_form_again_is_led_to_its_page(admin: Browser, path: str) -> None:
    """A method that is not answered would be no help."""
    answer = admin.get(path)

    assert (answer.status_code, answer.headers["location"]) == (303, path.rpartition("/")[0])


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_only_administrators_see_and_make_tokens(server: Server, role: Role) -> None:
    """Others are told which role it needs."""
    server.add_user("eve", role)
    browser = server.browser()
    browser.sign_in("eve")
    fields = {**FORM, "form_token": browser.form_token()}

    answers = [
        browser.get("/tokens"),
        browser.submit("/tokens/create", fields),
        browser.submit("/tokens/revoke", {"token": "t1", **fields}),
    ]

    assert [answer.status_code for answer in answers] == [403] * 3
    assert f"eve is {role}; this needs admin" in answers[0].text
    assert server.store.tokens.all() == ()


def test_a_program_needs_no_form_token_and_has_the_role_of_its_token(server: Server) -> None:
    """No browser sends a token by itself, so that no other site can."""
    entry = Viewer("ada", Role.ADMIN, "local").change(server.now_us, "token.create", "ci")
    secrets = [issue_token(server.store, TokenRequest("ci", role=role), entry).secret for role in Role]

    statuses = [
        server.browser().send("POST", "/tokens/revoke", {"Authorization": f"Bearer {secret}"}, data={"token": "x"})
        for secret in secrets
    ]

    assert [answer.status_code for answer in statuses] == [403, 403, 303]


def test_a_job_calls_with_a_token_of_its_heartbeat(server: Server) -> None:
    """By its address, as with a token of the file; a revoked one, and one of another kind, calls nobody."""
    entry = Viewer("ada", Role.ADMIN, "local").change(server.now_us, "token.create", "nightly")
    check = CheckId("probe:nightly")
    beat = issue_token(server.store, TokenRequest("nightly", TokenKind.HEARTBEAT, scope=check), entry)
    api = issue_token(server.store, TokenRequest("ci"), entry)

    noted = server.browser().get(f"/heartbeat/{beat.secret}/3")
    foreign = server.browser().get(f"/heartbeat/{api.secret}")
    server.store.tokens.revoke(beat.token.id, server.now_us)
    revoked = server.browser().get(f"/heartbeat/{beat.secret}")

    assert (noted.status_code, noted.text) == (200, "noted\n")
    assert server.store.heartbeats.get(check).last.exit_code == 3  # type: ignore[union-attr]
    assert (foreign.status_code, revoked.status_code) == (503, 503)  # the file's own tokens are not loaded here
