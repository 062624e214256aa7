"""Sign-in at a provider of OpenID Connect: a real one over HTTP, and what a hostile one answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse

from outrider.model import Role
from outrider.server import AccessRules
from outrider.workspace import OidcSettings, RoleSettings, ServerSettings

from .conftest import FAR, HOUR_US, MINUTE_US
from .oidc_provider import CLIENT, SECRET, Provider, unsigned

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from .conftest import Browser, Server

ROLES = RoleSettings(None, {"sre": Role.ADMIN, "dev": Role.VIEWER})


@pytest.fixture
def provider(server: Server) -> Iterator[Provider]:
    """A provider that the server knows."""
    provider = Provider(lambda: server.now_us // 1_000_000)
    use(server, OidcSettings(provider.issuer, CLIENT, label="Example ID", access=ROLES))
    yield provider
    provider.close()


def use(server: Server, oidc: OidcSettings, secret: str = SECRET) -> None:
    key = server.access.rules.key
    server.access.use(AccessRules(ServerSettings(oidc=oidc), is_loopback=False, oidc_secret=secret, key=key))
    server.application = server._application()


class Stay(HTTPRedirectHandler):
    """Follows no redirect."""

    def redirect_request(self, *_: Any) -> None:
        return None


def back_from(address: str) -> str:
    """Be at the provider, as a browser is, and return the path that it sends one back to."""
    try:
        build_opener(Stay).open(Request(address))
    except Exception as error:  # a redirect, to urllib
        location = error.headers["Location"]  # type: ignore[attr-defined]
        parts = urlsplit(location)
        assert parts.netloc == "outrider.example"
        return f"{parts.path}?{parts.query}"
    raise AssertionError("the provider sends nobody back")


def signed_in(browser: Browser, wanted: str = "/service") -> httpx.Response:
    """Sign in at the provider, and return the last answer of ours."""
    return browser.get(back_from(browser.get(f"/sign-in/oidc?next={wanted}").headers["Location"]))


def test_somebody_signs_in_at_the_provider_and_has_the_role_of_their_groups(server: Server, provider: Provider) -> None:
    """The page offers it; the highest role of the groups holds, and the audit log says how they came in."""
    browser = server.browser()
    form = browser.get(browser.get("/service").headers["Location"])

    answer = signed_in(browser)

    assert "Sign in with Example ID" in form.text
    assert 'type="password"' not in form.text
    assert answer.headers["Location"] == "/service"
    assert browser.get("/tokens").status_code == 200
    (session,) = server.store.sessions.search("ada@example.org")
    assert (session.method, session.role) == ("oidc", Role.ADMIN)
    assert server.store.audit.search()[0].detail == "oidc"
    assert provider.reads == ["discovery", "keys"]


@pytest.mark.parametrize(
    ("claims", "missing"),
    [
        ({"nonce": "other"}, ()),
        ({}, ("nonce",)),
        ({"aud": "other"}, ()),
        ({"aud": []}, ()),
        ({"aud": [CLIENT, "other"]}, ()),
        ({"aud": [CLIENT, "other"], "azp": "other"}, ()),
        ({}, ("aud",)),
        ({"iss": "https://evil.example"}, ()),
        ({}, ("iss",)),
        ({"exp": 1_000}, ()),
        ({"exp": "never"}, ()),
        ({}, ("exp",)),
        ({"iat": 3_000_000_000}, ()),
        ({"nbf": 3_000_000_000}, ()),
        ({}, ("iat",)),
        ({}, ("sub",)),
        ({"sub": 7}, ()),
        ({"sub": [7]}, ("email",)),
        ({"sub": ""}, ("email",)),
        ({"sub": " "}, ("email",)),
        ({"email": " local "}, ()),
        ({"exp": True}, ()),
        ({"exp": 1e400}, ()),
        ({"iat": "now"}, ()),
        ({"email": "a\u202eb"}, ()),
        ({"email": "x" * 300}, ()),
        ({"email": "Token ci"}, ()),
        ({"groups": []}, ()),
        ({"groups": {"sre": True}}, ()),
        ({"groups": [["sre"]]}, ()),
        ({}, ("groups",)),
    ],
)
def test_an_id_token_that_does_not_hold_signs_nobody_in(
    server: Server, provider: Provider, claims: dict[str, Any], missing: tuple[str, ...]
) -> None:
    """Wrong or missing nonce, audience, issuer, times; or no group that has a role."""
    provider.claims, provider.missing = claims, missing
    browser = server.browser()

    answer = signed_in(browser)

    assert answer.status_code == 403, answer.text
    assert 'role="alert"' in answer.text
    assert server.store.sessions.search() == ()
    assert browser.get("/").status_code == 303


@pytest.mark.parametrize("how", ["none", "public key as a secret", "foreign key", "no token", "garbage"])
def test_a_signature_that_is_not_the_providers_signs_nobody_in(server: Server, provider: Provider, how: str) -> None:
    """Whatever the token itself says of its algorithm."""
    provider.sign = {
        "none": unsigned,
        "public key as a secret": provider.with_public_key_as_secret,
        "foreign key": provider.with_foreign_key,
        "no token": lambda _: "",
        "garbage": lambda _: "a.b.c",
    }[how]

    assert signed_in(server.browser()).status_code == 403
    assert server.store.sessions.search() == ()


def test_a_state_is_taken_once_and_only_from_the_browser_that_began(server: Server, provider: Provider) -> None:
    """A code that is replayed, another browser's, which ends nobody's sign-in, and one that comes too late."""
    browser, thief = server.browser(), server.browser()
    path = back_from(browser.get("/sign-in/oidc").headers["Location"])
    stolen = thief.get(path)
    after_theft = browser.get(path)
    path = back_from(browser.get("/sign-in/oidc").headers["Location"])
    thief.cookies.update(browser.cookies)
    first, again, with_cookie = browser.get(path), browser.get(path), thief.get(path)
    late = back_from(server.browser().get("/sign-in/oidc").headers["Location"])
    server.now_us += 11 * MINUTE_US
    too_late = browser.get(late)

    statuses = [answer.status_code for answer in (stolen, after_theft, first, again, with_cookie, too_late)]
    assert statuses == [403, 303, 303, 403, 403, 403]
    assert len(server.store.sessions.search()) == 1


def test_a_sign_in_ends_at_another_service_than_it_began_at(server: Server, provider: Provider) -> None:
    """One that has the same key; one that has another key, as a stranger's, takes nothing."""
    browser = server.browser()
    paths = [back_from(browser.get("/sign-in/oidc").headers["Location"])]
    first, rules = server.access.openid, server.access.rules
    server.access.openid = None
    server.access.use(replace(rules, key=bytes(32)))
    foreign = browser.get(paths[0])
    paths.append(back_from(browser.get("/sign-in/oidc").headers["Location"]))
    server.access.openid = None
    server.access.use(replace(rules, key=bytes(32)))

    assert server.access.openid is not first
    assert (foreign.status_code, browser.get(paths[1]).status_code) == (403, 303)


def test_a_code_of_another_sign_in_is_not_taken(server: Server, provider: Provider) -> None:
    """PKCE binds a code to the sign-in that asked for it."""
    victim, attacker = server.browser(), server.browser()
    code = parse_qs(urlsplit(back_from(victim.get("/sign-in/oidc").headers["Location"])).query)["code"][0]
    path = back_from(attacker.get("/sign-in/oidc").headers["Location"])
    own = parse_qs(urlsplit(path).query)["code"][0]

    answer = attacker.get(path.replace(f"code={own}", f"code={code}"))

    assert answer.status_code == 403
    assert server.store.sessions.search() == ()


@pytest.mark.parametrize(
    "query",
    ["", "?code=x", "?state=", "?state=x&code=x", "?error=access_denied&state=x", f"?state={'x' * 5_000}&code=%00"],
)
def test_an_answer_that_was_not_asked_for_is_refused(server: Server, provider: Provider, query: str) -> None:
    """Nothing is exchanged for it."""
    answer = server.browser().get(f"/sign-in/oidc/callback{query}")

    assert answer.status_code == 403
    assert provider.reads == []


def test_a_refusal_and_another_issuer_end_the_sign_in(server: Server, provider: Provider) -> None:
    """What the provider says of itself in its answer (RFC 9207) must be the issuer."""
    for change in ("&error=access_denied", "&iss=https%3A%2F%2Fevil.example"):
        browser = server.browser()
        path = back_from(browser.get("/sign-in/oidc").headers["Location"])
        if "iss" in change:
            path = path.partition("&iss=")[0]

        assert browser.get(path + change).status_code == 403


@pytest.mark.parametrize(
    "answer",
    [
        lambda: PlainTextResponse("down", 500),
        lambda: PlainTextResponse("<html>"),
        lambda: JSONResponse([]),
        lambda: JSONResponse({"access_token": "a", "token_type": "Bearer"}),
        lambda: JSONResponse({"access_token": "a", "id_token": {"a": 1}}),
        lambda: RedirectResponse("https://evil.example/token"),
    ],
)
def test_a_token_endpoint_that_answers_something_else_signs_nobody_in(
    server: Server, provider: Provider, answer: Any
) -> None:
    """With a page that says so, not with a traceback."""
    provider.answer = answer

    assert signed_in(server.browser()).status_code == 403


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": None},
        {"padding": "x" * 2_000_000},
    ],
)
def test_a_provider_that_describes_itself_wrongly_is_not_used(
    server: Server, provider: Provider, metadata: dict[str, Any]
) -> None:
    """The page to sign in says so, with 502."""
    provider.metadata = metadata

    answer = server.browser().get("/sign-in/oidc")

    assert answer.status_code == 502
    assert provider.issuer in answer.text


def test_a_provider_that_is_away_is_said(server: Server, provider: Provider) -> None:
    """Whoever has a password can sign in meanwhile."""
    server.add_user("root")
    provider.close()

    answer = server.browser().get("/sign-in/oidc")

    assert answer.status_code == 502
    assert 'type="password"' in answer.text


def test_a_provider_that_did_not_answer_is_left_alone_for_a_moment(server: Server, provider: Provider) -> None:
    """Whoever asks meanwhile is told the same at once; then it is asked again."""
    provider.metadata = {"issuer": "http://other.example"}
    first = server.browser().get("/sign-in/oidc").status_code
    provider.metadata = {}
    reads = len(provider.reads)

    at_once = server.browser().get("/sign-in/oidc").status_code
    reads_meanwhile = len(provider.reads) - reads
    server.now_us += MINUTE_US
    later = server.browser().get("/sign-in/oidc").status_code

    assert (first, at_once, later) == (502, 502, 303)
    assert reads_meanwhile == 0


def test_a_new_key_of_the_provider_is_read_when_a_token_names_it(server: Server, provider: Provider) -> None:
    """At most once a minute, so that nobody makes us ask all the time."""
    assert signed_in(server.browser()).status_code == 303
    provider.renew_key()

    at_once = signed_in(server.browser()).status_code
    server.now_us += 2 * MINUTE_US
    later = signed_in(server.browser()).status_code

    assert (at_once, later) == (403, 303)
    assert provider.reads.count("keys") == 2


def test_a_wrong_secret_of_ours_is_told(server: Server, provider: Provider) -> None:
    """By the provider, whose word is shown."""
    use(server, OidcSettings(provider.issuer, CLIENT, access=ROLES), "another secret")

    answer = signed_in(server.browser())

    assert answer.status_code == 403
    assert "invalid_client" in answer.text


def test_an_address_that_the_provider_has_not_verified_is_no_name(server: Server, provider: Provider) -> None:
    """The subject is shown in its place; nobody takes the name of a user with a password."""
    server.add_user("ada@example.org")
    provider.claims = {"email_verified": False}
    unverified = signed_in(server.browser())
    provider.claims = {"email": "ADA@example.org"}
    taken = signed_in(server.browser())

    assert (unverified.status_code, taken.status_code) == (303, 403)
    assert [session.user for session in server.store.sessions.search()] == ["s-1"]


def test_all_who_are_known_may_have_a_role(server: Server, provider: Provider) -> None:
    """If the settings say so."""
    use(server, OidcSettings(provider.issuer, CLIENT, access=RoleSettings(Role.VIEWER)))
    provider.missing = ("groups",)
    browser = server.browser()

    assert signed_in(browser).status_code == 303
    assert browser.get("/audit").status_code == 403


def test_a_provider_that_is_taken_out_ends_its_sessions(server: Server, provider: Provider) -> None:
    """At once: whoever came in by it has to come in by another way."""
    browser = server.browser()
    signed_in(browser)
    server.use()

    assert browser.get("/").status_code == 403


def test_a_name_that_gets_a_password_ends_the_sessions_that_a_provider_began_under_it(
    server: Server, provider: Provider
) -> None:
    """From then on it is the name of the user with the password, and of nobody else."""
    browser = server.browser()
    assert signed_in(browser).status_code == 303

    server.add_user("ada@example.org", Role.VIEWER)

    assert browser.get("/").status_code == 303
    assert server.store.sessions.search("ada@example.org") == ()


def test_without_a_provider_its_addresses_lead_to_the_form(server: Server) -> None:
    """A page that was open when the settings changed."""
    server.add_user()

    answers = [server.browser(FAR).get(path) for path in ("/sign-in/oidc", "/sign-in/oidc/callback?state=x")]

    assert [answer.headers["Location"] for answer in answers] == ["/sign-in"] * 2


def test_settings_that_stay_keep_sign_ins_that_have_begun(server: Server, provider: Provider) -> None:
    """A file that is saved meanwhile ends none; other settings do."""
    browser = server.browser()
    path = back_from(browser.get("/sign-in/oidc").headers["Location"])
    assert server.access.rules.settings.oidc is not None
    server.now_us += HOUR_US // 120
    use(server, server.access.rules.settings.oidc)
    assert browser.get(path).status_code == 303
    path = back_from(browser.get("/sign-in/oidc").headers["Location"])
    use(server, replace(server.access.rules.settings.oidc, client_id="other"))

    assert browser.get(path).status_code == 403
