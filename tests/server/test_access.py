"""Who is let in to pages and the API, and what everybody else is told."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from starlette.routing import Route

from outrider.model import AccessToken, Role, TokenKind
from outrider.server.session_cookie import digest_of
from outrider.workspace import IdentitySettings, RoleSettings

from .conftest import FAR, HOUR_US, PASSWORD, START_US

if TYPE_CHECKING:
    from .conftest import Server

LOCAL = ("127.0.0.1", "http://localhost:8710")
PROXY = IdentitySettings("x-user", "x-groups", RoleSettings(None, {"ops": Role.OPERATOR, "root": Role.ADMIN}))


def token(server: Server, secret: str = "outrider_api_x", **changes: Any) -> str:
    """Keep a token, and return the header that a machine sends."""
    plain = AccessToken("t1", "ci", TokenKind.API, Role.VIEWER, digest_of(secret), START_US, "ada")
    server.store.tokens.add(replace(plain, **changes))
    return f"Bearer {secret}"


def test_a_browser_of_this_machine_sees_pages_without_ceremony(server: Server) -> None:
    """As long as the server listens on loopback, nothing is to be set up."""
    server.use(is_loopback=True)

    page, api = (server.browser(*LOCAL).get(path) for path in ("/", "/api/v1/checks"))

    assert (page.status_code, api.status_code) == (200, 200)
    assert ">local<" in page.text


@pytest.mark.parametrize(
    ("address", "host", "headers"),
    [
        (FAR, "http://localhost", {}),
        ("127.0.0.1", "http://outrider.example", {}),
        ("127.0.0.1", "http://localhost", {"X-Forwarded-For": "10.0.0.9"}),
        ("127.0.0.1", "http://localhost", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", "http://localhost", {"Forwarded": "for=10.0.0.9"}),
        ("127.0.0.1", "http://localhost", {"Via": "1.1 proxy"}),
        ("127.0.0.1", "http://localhost", {"X-Real-IP": "127.0.0.1"}),
    ],
)
def test_what_a_proxy_hands_on_is_not_of_this_machine(
    server: Server, address: str, host: str, headers: dict[str, str]
) -> None:
    """A server on loopback behind a reverse proxy is open to nobody whom the proxy serves."""
    server.use(is_loopback=True)

    answer = server.browser(address, host).get("/", **headers)

    assert answer.status_code == 403
    assert "outrider users add" in answer.text


def test_a_machine_can_ask_its_own_users_to_sign_in(server: Server) -> None:
    """Where several people share it."""
    server.use(is_loopback=True, open_on_loopback=False)
    server.add_user()

    assert server.browser(*LOCAL).get("/").headers["Location"] == "/sign-in?next=/"


def test_pages_are_closed_until_somebody_can_sign_in_and_say_how(server: Server) -> None:
    """Nothing of the workspace is shown; heartbeats, health and metrics go on."""
    page, api, wall = (server.browser().get(path) for path in ("/runs/1", "/api/v1/checks", "/?wall=1"))
    others = [server.browser().get(path).status_code for path in ("/healthz", "/readyz", "/metrics", "/heartbeat/x")]

    assert [answer.status_code for answer in (page, api, wall)] == [403, 401, 403]
    assert "outrider users add NAME --role admin" in page.text
    assert "milepost" not in page.text
    assert api.headers["Content-Type"] == "application/problem+json"
    assert api.headers["WWW-Authenticate"] == "Bearer"
    assert others == [200, 200, 200, 503]


@pytest.mark.parametrize(
    ("site", "mode", "dest", "status"),
    [
        ("cross-site", "no-cors", "image", 403),
        ("cross-site", "navigate", "iframe", 403),
        ("cross-site", "cors", "empty", 403),
        ("same-site", "no-cors", "script", 403),
        ("cross-site", "navigate", "document", 200),
        ("same-origin", "cors", "empty", 200),
        ("none", "navigate", "document", 200),
    ],
)
def test_another_sites_page_loads_nothing_into_itself(
    server: Server, site: str, mode: str, dest: str, status: int
) -> None:
    """Neither from this machine, where nobody signs in, nor with a session; a link leads here all the same."""
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
    server.add_user()
    browser = server.browser()
    browser.sign_in()

    signed_in = [browser.get(path, **headers).status_code for path in ("/?q=pay", "/api/v1/checks?q=pay")]
    server.use(is_loopback=True)
    local = server.browser(*LOCAL).get("/", **headers).status_code
    program = server.browser().get("/api/v1/checks", Authorization=token(server), **headers).status_code

    assert (signed_in, local, program) == ([status] * 2, status, 200)


OPEN = {
    "/healthz", "/readyz", "/metrics", "/static/{name}", "/sign-in", "/sign-in/oidc", "/sign-in/oidc/callback",
    "/heartbeat/{key}", "/heartbeat/{key}/{rest:path}", "/ping/{key}", "/ping/{key}/{rest:path}",
}  # fmt: skip
"""What answers before anybody is known. Whoever adds an address here says why in docs/dashboard.md."""


def test_every_other_address_asks_who_wants_to_know(server: Server) -> None:
    """Whatever its method, and before it looks at what was sent: no route can be added that forgets to."""
    server.add_user()
    browser = server.browser()
    routes = [route for route in server.application.routes if isinstance(route, Route) and route.path not in OPEN]

    answers = {
        (method, route.path): browser.send(method, re.sub(r"\{[^}]*\}", "x", route.path), data={"name": "x"})
        for route in routes
        for method in sorted(route.methods or ())
    }

    assert len(answers) > 40
    let_in = {asked: answer.status_code for asked, answer in answers.items() if answer.status_code not in {303, 401}}
    assert let_in == {}
    assert not [
        asked
        for asked, answer in answers.items()
        if answer.status_code == 303 and not answer.headers["Location"].startswith("/sign-in?next=")
    ]


OWN = {"/sign-in", "/sign-out", "/account/password", "/account/sessions/end"}
"""What a viewer may change: how they are signed in themselves."""


def test_a_viewer_changes_nothing_but_their_own_sign_in(server: Server) -> None:
    """Every other form and action needs a role above it, also with the token of the form."""
    server.add_user("eve", Role.VIEWER)
    browser = server.browser()
    browser.sign_in("eve")
    fields = {"form_token": browser.form_token(), "name": "x"}
    paths = {
        route.path
        for route in server.application.routes
        if isinstance(route, Route) and "POST" in (route.methods or ()) and route.path not in OWN | OPEN
    }

    answers = {path: browser.submit(re.sub(r"\{[^}]*\}", "x", path), fields) for path in paths}

    assert len(answers) > 15
    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code != 403} == {}
    assert all("role-too-low" in answer.text or "role does not allow" in answer.text for answer in answers.values())


def test_metrics_can_be_closed(server: Server) -> None:
    """They are then read with a token, as a scraper of Prometheus sends it."""
    server.use(open_metrics=False)

    closed = server.browser().get("/metrics")
    opened = server.browser().get("/metrics", Authorization=token(server))

    assert (closed.status_code, opened.status_code) == (403, 200)
    assert "outrider_up" in opened.text


def test_the_api_takes_tokens(server: Server) -> None:
    """Even before there is any user; the use of a token is noted."""
    answer = server.browser().get("/api/v1/checks", Authorization=token(server))

    assert answer.status_code == 200
    assert server.store.tokens.all()[0].used_us == START_US


@pytest.mark.parametrize(
    ("header", "changes", "why"),
    [
        ("Bearer outrider_api_x", {"expires_us": START_US}, "it has expired"),
        ("bearer outrider_api_x", {"revoked_us": START_US}, "it was revoked"),
        ("Bearer outrider_api_x", {"kind": TokenKind.HEARTBEAT}, "there is no such token"),
        ("Bearer other", {}, "there is no such token"),
        ("Bearer ", {}, "there is no such token"),
        ("Bearer", {}, "write it as Authorization: Bearer TOKEN"),
        ("Basic YWRhOng=", {}, "write it as Authorization: Bearer TOKEN"),
        ("secret", {}, "write it as Authorization: Bearer TOKEN"),
        ("Bearer " + "x" * 20_000, {}, "there is no such token"),
        ("Bearer \xff", {}, "there is no such token"),
    ],
)
def test_a_token_that_is_not_valid_is_refused_with_its_reason(
    server: Server, header: str, changes: dict[str, Any], why: str
) -> None:
    """As problem details, on loopback too: whoever sends a token means to use it."""
    token(server, **changes)
    server.use(is_loopback=True)

    answer = server.browser(*LOCAL).get("/api/v1/checks", Authorization=header)

    assert answer.status_code == 401
    assert answer.json()["detail"].startswith(why)
    assert answer.json()["type"] == "docs/errors.md#invalid-token"
    assert "invalid_token" in answer.headers["WWW-Authenticate"]


def test_a_proxy_that_is_trusted_says_who_somebody_is(server: Server) -> None:
    """By its headers; the highest role of the groups holds."""
    server.use(trusted_proxies=("10.0.0.0/24",), identity=PROXY)

    page = server.browser().get("/account", **{"X-User": "Zoë", "X-Groups": "dev, ops,root"})

    assert page.status_code == 200
    assert ">admin<" in page.text
    assert ">Zoë<" in page.text


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("10.0.1.9", {"X-User": "ada", "X-Groups": "root"}),
        (FAR, {"X-Groups": "root"}),
        (FAR, {"X-User": "ada", "X-Groups": "dev"}),
        (FAR, {"X-User": "  ", "X-Groups": "root"}),
        (FAR, {"X-User": "x" * 5_000, "X-Groups": "root"}),
    ],
)
def test_nobody_else_says_who_somebody_is(server: Server, address: str, headers: dict[str, str]) -> None:
    """Neither a client that sends the header itself, nor a proxy that names nobody or a member of no group."""
    server.use(trusted_proxies=("10.0.0.0/24",), identity=PROXY)

    answer = server.browser(address).get("/", **headers)

    assert answer.status_code == 403
    assert "sign in at the proxy" in answer.text.lower()


@pytest.mark.parametrize(
    "headers",
    [
        [("X-User", "root"), ("X-User", "eve"), ("X-Groups", "ops")],
        [("X-User", "eve"), ("X-Groups", "root"), ("X-Groups", "ops")],
        [("X-User", "a\x7fb"), ("X-Groups", "ops")],
        [("X-User", "local"), ("X-Groups", "ops")],
        [("X-User", "Token ci"), ("X-Groups", "ops")],
    ],
)
def test_a_header_that_stands_twice_or_takes_a_name_of_ours_is_not_believed(
    server: Server, headers: list[tuple[str, str]]
) -> None:
    """A proxy that adds its own hands on what the client had written; the audit log calls nobody else "local"."""
    server.use(trusted_proxies=("10.0.0.0/24",), identity=PROXY)

    assert server.browser().send("GET", "/", headers).status_code == 403


@pytest.mark.parametrize("sent", ["Basic YWRhOng=", "Bearer ey.J.x"])
def test_what_a_proxy_was_sent_itself_is_no_token_of_ours(server: Server, sent: str) -> None:
    """Proxies hand on the password or token that they asked for; the identity or the session counts then."""
    server.add_user()
    browser = server.browser()
    browser.sign_in()
    server.use(trusted_proxies=("10.0.0.1",), identity=PROXY)

    page, api = (browser.get(path, Authorization=sent) for path in ("/account", "/api/v1/checks"))
    proxied = server.browser("10.0.0.1").get(
        "/api/v1/checks", Authorization=sent, **{"X-User": "eve", "X-Groups": "ops"}
    )
    token_wins = browser.get("/api/v1/checks", Authorization="Bearer outrider_api_none")

    assert [answer.status_code for answer in (page, api, proxied, token_wins)] == [200, 200, 200, 401]


def test_a_role_that_is_too_low_may_not_change_anything(server: Server) -> None:
    """The page of sessions may be seen by all; ending a session of somebody else changes nothing."""
    server.add_user("eve", Role.VIEWER)
    server.add_user("ada")
    ada, eve = server.browser(), server.browser()
    ada.sign_in("ada")
    eve.sign_in("eve")
    (session,) = server.store.sessions.search("ada")

    answer = eve.submit("/account/sessions/end", {"session": session.id, "form_token": eve.form_token()})

    assert answer.status_code == 303
    assert ada.get("/").status_code == 200


def test_a_store_that_is_away_is_no_reason_to_let_anybody_in(server: Server) -> None:
    """A page and the API say that it is away; a sign-in asks to try again."""
    server.add_user()
    browser = server.browser()
    browser.sign_in()
    database = server.store.artifacts.where.replace("artifacts", "outrider.db")
    with sqlite3.connect(database) as connection:
        for table in ("users", "sessions"):
            connection.execute(f"ALTER TABLE {table} RENAME TO {table}_away")

    page, api = browser.get("/"), browser.get("/api/v1/checks")
    tried = server.browser().sign_in(password=PASSWORD)
    form = server.browser().get("/sign-in")

    assert [answer.status_code for answer in (page, api, tried, form)] == [503] * 4
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in (page, api, tried, form))
    assert "try again soon" in tried.text
    assert "Set-Cookie" not in tried.headers


def test_a_session_ends_by_idling_and_by_age(server: Server) -> None:
    """Whoever asks now and then stays signed in, for a week at most."""
    server.add_user()
    idle, busy = server.browser(), server.browser()
    idle.sign_in()
    busy.sign_in()

    statuses = []
    for _ in range(16):
        server.now_us += 11 * HOUR_US
        statuses.append(busy.get("/").status_code)

    assert statuses == [200] * 15 + [303]
    assert idle.get("/").status_code == 303
