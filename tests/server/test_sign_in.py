"""Signing in with a password, and out: what is set, what is refused, and what ends a session."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest

from outrider.model import AuditEntry, Role
from outrider.server import Background, TokenRequest, hash_password, issue_token, listen
from outrider.server.passwords import WeakPassword, is_password
from outrider.server.refused_sign_ins import MOST_AN_HOUR, RefusedSignIns
from outrider.server.sign_in_routes import inner_path

from .conftest import FAR, MINUTE_US, PASSWORD

if TYPE_CHECKING:
    from .conftest import Server


def test_a_user_signs_in_and_is_sent_on_to_the_page_that_was_asked_for(server: Server) -> None:
    """With a cookie that scripts cannot read and other sites cannot send."""
    server.add_user()
    browser = server.browser()
    asked = browser.get("/runs/1?x=%C3%BC&y=2")

    form = browser.get(asked.headers["Location"])
    answer = browser.sign_in(wanted="/runs/1?x=ü")

    assert asked.status_code == 303
    assert 'value="/runs/1?x=%C3%BC&amp;y=2"' in form.text
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/runs/1?x=%C3%BC"
    assert all(part in answer.headers["Set-Cookie"] for part in ("outrider_session=", "HttpOnly", "SameSite=lax"))
    assert ">ada<" in browser.get("/").text


def test_where_the_client_speaks_tls_the_cookie_is_bound_to_the_host(server: Server) -> None:
    """A trusted proxy says so; nobody else is believed."""
    server.add_user()
    server.use(trusted_proxies=("10.0.0.1",))
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
    fields = {"name": "ada", "password": PASSWORD}

    trusted = server.browser("10.0.0.1", "https://outrider.example").submit("/sign-in", fields, **forwarded)
    other = server.browser(FAR).submit("/sign-in", fields, **forwarded)

    assert trusted.headers["Set-Cookie"].startswith("__Host-outrider_session=")
    assert "Secure" in trusted.headers["Set-Cookie"]
    assert "Path=/;" in trusted.headers["Set-Cookie"]
    assert other.headers["Set-Cookie"].startswith("outrider_session=")
    assert {session.address for session in server.store.sessions.search()} == {"203.0.113.7", FAR}


def test_refused_sign_ins_are_in_the_audit_log(server: Server) -> None:
    """With the name of a user; whatever else was typed may be somebody's password, and is not kept."""
    server.add_user()
    browser = server.browser(FAR)
    for name in ("ada", "my secret passphrase"):
        browser.submit("/sign-in", {"name": name, "password": "wrong password"})

    entries = [
        (entry.actor, entry.subject, entry.detail, entry.origin)
        for entry in server.store.audit.search()
        if entry.action == "session.refuse"
    ]

    assert entries == [
        ("not signed in", "unknown name", "", FAR), ("not signed in", "ada", "wrong password", FAR),
    ]  # fmt: skip


def test_nobody_fills_the_audit_log_by_wrong_passwords() -> None:
    """Sixty an hour are kept, and how many more there were once the next hour begins."""
    refused, hour_us = RefusedSignIns(), 60 * MINUTE_US

    kept = [entry for at_us in range(1_000) for entry in refused.entries("ada", FAR, at_us, why="wrong password")]
    later = refused.entries("ada", FAR, hour_us, why="wrong password")

    assert len(kept) == MOST_AN_HOUR
    assert [entry.detail for entry in later] == [
        "940 more in one hour, which were not kept one by one", "wrong password",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ada", "wrong password"),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("ada", ""),
        ("ada", "x" * 60_000),
        ("x" * 60_000, PASSWORD),
        ("ada\0", PASSWORD),
        ("\U0001f600" * 100, PASSWORD),
        ("' OR 1=1 --", PASSWORD),
    ],
)
def test_a_wrong_name_and_a_wrong_password_are_told_in_the_same_words(server: Server, name: str, password: str) -> None:
    """Nobody learns which users there are."""
    server.add_user()
    browser = server.browser()

    answer = browser.sign_in(name, password)

    assert answer.status_code == 401
    assert "Name or password is wrong." in answer.text
    assert "Set-Cookie" not in answer.headers


def test_a_body_that_is_too_large_or_no_form_is_refused(server: Server) -> None:
    """Before anything of it is looked at."""
    server.add_user()
    browser = server.browser()

    large = browser.sign_in("ada", "x" * 70_000)
    kinds = [
        browser.send("POST", "/sign-in", {"Content-Type": kind}, content=content).status_code
        for kind, content in [
            ("multipart/form-data; boundary=x", b"--x--"),
            ("application/json", b"{"),
            ("application/json", b"[" * 60_000),
            ("application/x-www-form-urlencoded", b"name=%ff%fe"),
            ("application/x-www-form-urlencoded", b"a=1&" * 500),
        ]
    ]

    assert large.status_code == 413
    assert kinds == [415, 400, 400, 400, 400]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://outrider.example.evil.example"},
    ],
)
def test_another_site_signs_nobody_in_or_out(server: Server, headers: dict[str, str]) -> None:
    """Its requests are refused by what browsers say of them, even with the right token."""
    server.add_user()
    browser = server.browser()
    form = {"name": "ada", "password": PASSWORD}

    refused = browser.send("POST", "/sign-in", headers, data=form)
    browser.sign_in()
    out = browser.send("POST", "/sign-out", headers, data={"form_token": browser.form_token()})

    assert (refused.status_code, out.status_code) == (403, 403)
    assert browser.get("/").status_code == 200


def test_a_form_without_the_token_of_its_session_changes_nothing(server: Server) -> None:
    """None, a wrong one, and that of another session."""
    server.add_user()
    browser, other = server.browser(), server.browser()
    browser.sign_in()
    other.sign_in()

    statuses = [
        browser.submit("/sign-out", fields).status_code
        for fields in ({}, {"form_token": ""}, {"form_token": "é"}, {"form_token": other.form_token()})
    ]

    assert statuses == [403] * 4
    assert browser.get("/").status_code == 200
    assert browser.get("/sign-out").status_code == 405


def test_a_cookie_that_was_stolen_is_of_no_use_after_the_sign_out(server: Server) -> None:
    """The session is gone on the server, whatever a browser still sends."""
    server.add_user()
    browser, thief = server.browser(), server.browser()
    browser.sign_in()
    thief.cookies.update(browser.cookies)
    assert thief.get("/").status_code == 200

    answer = browser.submit("/sign-out", {"form_token": browser.form_token()})

    assert answer.headers["Location"] == "/sign-in"
    assert 'outrider_session=""' in answer.headers["Set-Cookie"]
    assert thief.get("/").headers["Location"].startswith("/sign-in")


def test_a_new_sign_in_ends_the_session_before(server: Server) -> None:
    """A browser has one session, and its cookie is another than before."""
    server.add_user()
    browser = server.browser()

    browser.sign_in()
    before = dict(browser.cookies)
    browser.sign_in()

    assert dict(browser.cookies) != before
    assert len(server.store.sessions.search()) == 1


@pytest.mark.parametrize("change", ["role", "password", "removed"])
def test_a_user_who_is_changed_or_removed_is_signed_out(server: Server, change: str) -> None:
    """At once, in every browser."""
    user = server.add_user()
    browser = server.browser()
    browser.sign_in()

    if change == "removed":
        server.store.users.remove("ada")
    else:
        changed = {"role": Role.VIEWER} if change == "role" else {"password_hash": hash_password("another password")}
        server.store.users.change(replace(user, **changed))

    assert browser.get("/").status_code != 200


def test_names_and_passwords_of_any_script_are_taken_in_either_unicode_form(server: Server) -> None:
    """A keyboard that composes letters types the same name as one that does not."""
    user = server.add_user("Zoë 商店")
    server.store.users.change(replace(user, password_hash=hash_password("Straßencafé 商店 é")))

    answer = server.browser().sign_in("ZOE\u0308 商店", "Straßencafe\u0301 商店 e\u0301")

    assert answer.status_code == 303


@pytest.mark.slow
def test_a_hundred_tries_get_no_further_than_the_first_few(server: Server) -> None:
    """By address and by account; the owner of the account gets in from elsewhere, and after a quarter of an hour."""
    server.add_user()
    guesser = server.browser()

    statuses = [guesser.sign_in("ada", f"guess number {number}").status_code for number in range(100)]
    limited = guesser.sign_in()

    assert statuses == [401] * 5 + [429] * 95
    assert int(limited.headers["Retry-After"]) == 15 * 60
    assert "possible in 15 min" in limited.text
    assert server.browser("10.0.0.10").sign_in().status_code == 303
    server.now_us += 15 * MINUTE_US
    assert guesser.sign_in().status_code == 303


def test_an_address_is_limited_over_all_accounts(server: Server) -> None:
    """And an account over all addresses; a network of IPv6 is one address."""
    limit = server.access.limit

    by_address = [limit.begin(f"user {number}", f"2001:db8::{number:x}", 0) for number in range(40)]
    by_account = [limit.begin("ada", f"10.0.1.{number}", 0) for number in range(60)]

    assert [wait == 0 for wait in by_address] == [True] * 30 + [False] * 10
    assert [wait == 0 for wait in by_account] == [True] * 50 + [False] * 10


def test_who_mistypes_and_then_signs_in_starts_anew(server: Server) -> None:
    """Success is not counted, however often it comes."""
    limit = server.access.limit
    for _ in range(100):
        assert limit.begin("ada", FAR, 0) == 0
        limit.succeeded("ada", FAR)

    assert [limit.begin("ada", FAR, 0) for _ in range(5)] == [0] * 5
    assert limit.begin("ADA", FAR, 0) > 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/runs/1?x=1#y", "/runs/1?x=1#y"),
        ("/checks/probe:a%2Fb", "/checks/probe:a%2Fb"),
        ("", "/"),
        ("runs", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/\n/evil.example", "/"),
        ("/\0", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/" + "x" * 3_000, "/"),
        (" //evil.example", "/"),
        ("/\u2028", "/"),
    ],
)
def test_a_sign_in_leads_to_a_page_of_this_server_only(text: str, expected: str) -> None:
    """Nobody is sent to a foreign page that looks like ours."""
    assert inner_path(text) == expected


def test_the_form_sends_on_who_is_signed_in(server: Server) -> None:
    """They need no second one."""
    server.add_user()
    browser = server.browser()
    browser.sign_in()

    assert browser.get("/sign-in?next=/service").headers["Location"] == "/service"


def test_a_session_can_be_ended_from_another_browser(server: Server) -> None:
    """An administrator ends those of all; the audit log says who began and who ended which."""
    server.add_user("eve", Role.VIEWER)
    server.add_user("ada")
    eve, ada = server.browser(), server.browser("10.0.0.20")
    eve.sign_in("eve")
    ada.sign_in("ada")
    (session,) = server.store.sessions.search("eve")

    answer = ada.submit("/account/sessions/end", {"session": session.id, "form_token": ada.form_token()})

    assert answer.headers["Location"] == "/account"
    assert eve.get("/").status_code == 303
    entries = [(entry.actor, entry.action, entry.subject, entry.origin) for entry in server.store.audit.search()]
    assert entries == [
        ("ada", "session.end", "eve", "10.0.0.20"),
        ("ada", "session.begin", "ada", "10.0.0.20"),
        ("eve", "session.begin", "eve", FAR),
    ]


@pytest.mark.slow
def test_a_token_of_the_name_of_a_user_is_not_that_user(server: Server) -> None:
    """It neither sees nor ends the sessions of theirs."""
    server.add_user("eve", Role.VIEWER)
    eve, program = server.browser(), server.browser()
    eve.sign_in("eve")
    (session,) = server.store.sessions.search("eve")
    entry = AuditEntry(server.now_us, "ada", "token.create", "eve")
    secret = issue_token(server.store, TokenRequest("eve", role=Role.OPERATOR), entry).secret
    bearer = {"Authorization": f"Bearer {secret}"}

    page = program.send("GET", "/account", bearer)
    program.send("POST", "/account/sessions/end", bearer, data={"session": session.id})

    assert page.status_code == 200
    assert session.id not in page.text
    assert eve.get("/").status_code == 200


def test_somebody_changes_their_password_and_stays_signed_in_here_only(server: Server) -> None:
    """With the current one; other browsers are signed out, and the old password is of no use."""
    server.add_user("ada", Role.VIEWER)
    here, there = server.browser(), server.browser()
    here.sign_in()
    there.sign_in()
    old = dict(here.cookies)

    answer = here.submit(
        "/account/password",
        {"current": PASSWORD, "new": "another long password", "form_token": here.form_token()},
    )

    assert answer.headers["Location"] == "/account"
    assert dict(here.cookies) != old
    assert (here.get("/").status_code, there.get("/").status_code) == (200, 303)
    assert server.browser().sign_in().status_code == 401
    assert server.browser().sign_in(password="another long password").status_code == 303
    assert [entry.action for entry in server.store.audit.search()][3] == "user.password"


@pytest.mark.parametrize(
    ("current", "new", "why"),
    [
        ("wrong", "another long password", "The current password is wrong."),
        ("", "another long password", "The current password is wrong."),
        (PASSWORD, "short", "the password has 5 characters"),
        (PASSWORD, "", "the password has 0 characters"),
        (PASSWORD, "x" * 1_001, "the password has 1001 characters"),
    ],
)
def test_a_password_is_not_changed_without_the_current_one_or_to_a_weak_one(
    server: Server, current: str, new: str, why: str
) -> None:
    """The page says why, and the session goes on."""
    server.add_user()
    browser = server.browser()
    browser.sign_in()

    answer = browser.submit("/account/password", {"current": current, "new": new, "form_token": browser.form_token()})

    assert why in answer.text
    assert browser.get("/").status_code == 200
    assert server.browser("10.0.0.77").sign_in().status_code == 303


@pytest.mark.slow
def test_the_current_password_cannot_be_guessed_from_a_session(server: Server) -> None:
    """Whoever finds a browser signed in has as few tries as anybody."""
    server.add_user()
    browser = server.browser()
    browser.sign_in()
    fields = {"current": "a guess of mine", "new": "another long password", "form_token": browser.form_token()}

    texts = [browser.submit("/account/password", fields).text for _ in range(7)]

    assert ["Too many tries" in text for text in texts] == [False] * 5 + [True] * 2


def test_who_has_no_password_here_changes_none(server: Server) -> None:
    """A browser of this machine, for one."""
    server.use(is_loopback=True)
    browser = server.browser("127.0.0.1", "http://localhost")

    answer = browser.submit(
        "/account/password", {"current": "", "new": "x" * 12, "form_token": browser.form_token("/tokens")}
    )

    assert answer.status_code == 200
    assert 'name="current"' not in answer.text


@pytest.mark.slow
def test_a_password_is_hashed_with_its_own_salt() -> None:
    """By argon2id; a hash of something else, or none, is no match."""
    stored = hash_password(PASSWORD)

    assert stored.startswith("$argon2id$")
    assert stored != hash_password(PASSWORD)
    assert is_password(PASSWORD, stored)
    assert not any(is_password(PASSWORD, other) for other in (None, "", "$argon2id$broken", hash_password("x" * 12)))


@pytest.mark.parametrize("password", ["", "elevenchars", "x" * 1_001])
def test_a_password_that_is_too_short_or_too_long_is_not_kept(password: str) -> None:
    """The message says what to choose."""
    with pytest.raises(WeakPassword, match=f"has {len(password)} characters") as refused:
        hash_password(password)

    assert "12 to 1,000 characters" in refused.value.fix


def test_the_live_stream_ends_for_who_signs_out(server: Server) -> None:
    """Of a page that stays open: it does not hear which checks run on."""
    server.add_user()
    browser = server.browser("127.0.0.1")
    browser.sign_in()
    listener = listen("127.0.0.1", 0)
    background = Background(server.application, listener)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/live"
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())

    with httpx.stream("GET", address, headers={"Host": "outrider.example", "Cookie": cookie}, timeout=60) as answer:
        lines = answer.iter_lines()
        first = next(lines)
        browser.submit("/sign-out", {"form_token": browser.form_token()})
        rest = list(lines)
    background.close()

    assert first.startswith("retry: ")
    assert ": nothing changed" not in rest  # which a stream says every fifteen seconds until it ends by itself
