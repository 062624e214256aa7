"""Redirects are followed as browsers follow them, and secrets stay with the origin that they were meant for."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from tests.probes.conftest import Server, serving

from outrider.model import Outcome
from outrider.probes.redirects import Hop, redirected, same_origin

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.probes.conftest import Bench, Vault

    from outrider.model import Measurement

    Probe = Callable[..., Measurement]

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED

# Fetch standard, HTTP-redirect fetch, step 12; whether the body is sent again.
METHODS = [
    (301, "POST", "GET", False), (302, "POST", "GET", False), (303, "POST", "GET", False), (303, "PUT", "GET", False),
    (303, "DELETE", "GET", False), (307, "POST", "POST", True), (308, "POST", "POST", True), (307, "PUT", "PUT", True),
    (301, "PUT", "PUT", True), (302, "PUT", "PUT", True), (301, "GET", "GET", False), (303, "GET", "GET", False),
]  # fmt: skip


@pytest.mark.parametrize(("status", "method", "following", "has_body"), METHODS)
def test_a_redirect_changes_the_method_as_browsers_do(  # noqa: PLR0917
    probe: Probe, site: str, status: int, method: str, following: str, has_body: bool
) -> None:
    """An order that was placed is not placed twice."""
    body = "" if method == "GET" else "body = 'one order'\n"
    seen = "contains" if has_body else "absent"

    measurement = probe(
        f'[a]\nkind = "http"\nurl = "{site}/redirect/{status}?to=/echo"\nmethod = "{method}"\n{body}'
        f"headers = {{Content-Type = 'text/order'}}\nexpect.matches = '^{following} /echo'\n"
        f"expect.{seen} = ['one order']\n"
    )

    assert (measurement.outcome, measurement.reason) == (PASSED, "")


def test_head_stays_head_on_303(probe: Probe, site: str) -> None:
    """It has no body to lose."""
    measurement = probe(f'[a]\nkind = "http"\nmethod = "HEAD"\nurl = "{site}/redirect/303?to=/json"\n')

    assert measurement.outcome == PASSED
    assert {sample.metric: sample.value for sample in measurement.samples}["transfer_bytes"] == 0


def test_headers_of_the_body_go_with_it() -> None:
    """A GET without a body has no content type."""
    first = Hop("http://a.example/", "POST", (("Content-Type", "text/x"), ("X-Own", "1")), b"x")

    assert redirected(first, 302, "http://a.example/b").headers == (("X-Own", "1"),)
    assert redirected(first, 307, "http://a.example/b").headers == first.headers


@pytest.fixture(scope="module")
def other() -> str:
    """A second origin: another host by name, on the same port."""
    return "localhost"


SECRETS = [
    "headers = {X-Api-Key = 'hunter2-key'}",
    "headers = {Authorization = 'Bearer hunter2'}",
    "headers = {Cookie = 'session=hunter2'}",
    "auth = {user = 'ada', password = 'hunter2'}",
    "auth = {token = 'hunter2'}",
]


@pytest.mark.parametrize("keys", SECRETS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_secrets_do_not_follow_to_another_origin(probe: Probe, site: str, other: str, keys: str, status: int) -> None:
    """Neither to another host, nor back to the first from there."""
    elsewhere = site.replace("127.0.0.1", other)
    back = quote(f"{site}/echo", safe="")
    text = '[a]\nkind = "http"\nurl = "{}"\n{}\nexpect.absent = ["hunter2", "X-Api-Key", "Authorization", "session="]\n'

    away = probe(text.format(f"{site}/redirect/{status}?to={elsewhere}/echo", keys))
    returned = probe(text.format(f"{site}/redirect/{status}?to={elsewhere}/redirect/302%3Fto={back}", keys))

    assert (away.outcome, away.reason) == (PASSED, "")
    assert (returned.outcome, returned.reason) == (PASSED, "")


@pytest.mark.parametrize("keys", SECRETS)
def test_secrets_stay_within_an_origin(probe: Probe, site: str, keys: str) -> None:
    """A redirect to another path asks as the same visitor."""
    measurement = probe(
        f'[a]\nkind = "http"\nurl = "{site}/redirect/302?to=/echo"\n{keys}\n'
        "expect.matches = '(?i)(hunter2|Authorization: Basic)'\n"
    )

    assert (measurement.outcome, measurement.reason) == (PASSED, "")


def test_another_port_or_scheme_is_another_origin() -> None:
    """As the HTML standard says; the default port may be left away."""
    assert same_origin("http://shop.example/a", "http://SHOP.example:80/b")
    assert same_origin("https://shop.example:443/a", "https://shop.example/b")
    assert not same_origin("http://shop.example/", "https://shop.example/")
    assert not same_origin("http://shop.example/", "http://shop.example:8080/")
    assert not same_origin("http://shop.example/", "http://shop.example:99999/")


def test_what_is_public_follows(probe: Probe, site: str, other: str) -> None:
    """Language and the like are no secret."""
    elsewhere = site.replace("127.0.0.1", other)

    measurement = probe(
        f'[a]\nkind = "http"\nurl = "{site}/redirect/307?to={elsewhere}/echo"\nheaders = {{Accept-Language = "de"}}\n'
        "method = 'POST'\nbody = 'text'\nexpect.contains = ['Accept-Language: de', 'text']\n"
    )

    assert (measurement.outcome, measurement.reason) == (PASSED, "")


def test_a_user_in_the_url_stays_within_an_origin(probe: Probe, site: str) -> None:
    """A redirect to another path of it asks with the same user, as browsers do."""
    url = site.replace("http://", "http://ada:right@")

    measurement = probe(f'[a]\nkind = "http"\nurl = "{url}/redirect/302?to={site}/private"\n')

    assert (measurement.outcome, measurement.reason) == (PASSED, "")


def test_cookies_that_a_redirect_sets_are_sent(probe: Probe, site: str) -> None:
    """Otherwise a site that asks for one would redirect for ever."""
    measurement = probe(f'[a]\nkind = "http"\nurl = "{site}/redirect/302?to=/echo"\nexpect.contains = "hop=1"\n')

    assert measurement.outcome == PASSED


def test_phases_are_those_of_the_last_hop_and_add_up(bench: Bench, site: str, vault: Vault) -> None:
    """From http to https: no phase is negative, and all of them together are the duration."""
    shutil.copy(vault.folder / "authority.pem", bench.root)
    secure = f"https://127.0.0.1:{vault.ports['good']}/json"

    measurement = bench.measure(
        f'[a]\nkind = "http"\nurl = "{site}/redirect/302?to={secure}"\nauthority = "authority.pem"\n'
        "expect.certificate_days = 80\n"
    )

    samples = {sample.metric: sample.value for sample in measurement.samples}
    phases = [samples[f"{phase}_ms"] for phase in ("redirects", "connect", "tls", "first_byte", "transfer")]
    assert measurement.outcome == PASSED
    assert min(phases) >= 0
    assert sum(phases) == pytest.approx(samples["duration_ms"], abs=0.01)
    assert 89 < samples["certificate_days"] <= 90
    assert measurement.attributes["redirects"].startswith(f"302 {site}/redirect/302 ")


def test_the_certificate_of_the_last_hop_is_judged(bench: Bench, site: str, vault: Vault) -> None:
    """One that a redirect leads away from does not count, and one that it leads to does."""
    shutil.copy(vault.folder / "authority.pem", bench.root)
    url = f"https://127.0.0.1:{vault.ports['good']}/redirect/302?to="
    text = '[a]\nkind = "http"\nurl = "{}"\nauthority = "authority.pem"\nexpect.certificate_days = 1\n'

    plain = bench.measure(text.format(f"{url}{site}/json"))
    expired = bench.measure(text.format(f"{url}https://127.0.0.1:{vault.ports['expired']}/"))

    assert plain.reason == "there is no certificate: the answer came without TLS"
    assert expired.reason.startswith(f"redirected to https://127.0.0.1:{vault.ports['expired']}/: ")
    assert "certificate has expired" in expired.reason


def test_our_certificate_does_not_follow_to_another_origin(bench: Bench, vault: Vault) -> None:
    """A server that asks for one gets none after a redirect."""
    for name in ("authority.pem", "client.pem", "client.key"):
        shutil.copy(vault.folder / name, bench.root)
    asking = f"https://127.0.0.1:{vault.ports['asks for ours']}"
    text = (
        '[a]\nkind = "http"\nurl = "{}"\nauthority = "authority.pem"\ncertificate = "client.pem"\nkey = "client.key"\n'
    )

    same = bench.measure(text.format(f"{asking}/redirect/302?to=/json"))
    away = bench.measure(text.format(f"https://127.0.0.1:{vault.ports['good']}/redirect/302?to={asking}/json"))

    assert (same.outcome, away.outcome) == (PASSED, FAILED)


NOWHERE = [
    ("file:///etc/passwd", 'redirected to protocol "file", which is not followed'),
    ("gopher://shop.example/", 'redirected to protocol "gopher"'),
    ("http://[::1", "redirected to what is no URL"),
    ("javascript:alert(1)", 'redirected to protocol "javascript"'),
]


@pytest.mark.parametrize(("to", "words"), NOWHERE)
def test_a_redirect_that_leads_nowhere_fails(probe: Probe, site: str, to: str, words: str) -> None:
    """It is the target's mistake, and nothing else is asked."""
    measurement = probe(f'[a]\nkind = "http"\nurl = "{site}/redirect/302?to={quote(to, safe="")}"\n')

    assert (measurement.outcome, words in measurement.reason) == (FAILED, True), measurement.reason


def test_a_relative_redirect_is_resolved(probe: Probe, site: str) -> None:
    """Against the address that sent it."""
    with serving(Server()) as port:
        url = f"http://127.0.0.1:{port}/redirect/307?to={quote('../json?a=b#c', safe='')}"
        measurement = probe(f'[a]\nkind = "http"\nurl = "{url}"\nexpect.json = {{"$.status" = "ok"}}\n')

    assert (measurement.outcome, measurement.reason) == (PASSED, "")


def test_redirects_share_one_time_out(probe: Probe, site: str) -> None:
    """A chain cannot take longer than one request may."""
    measurement = probe(f'[a]\nkind = "http"\nurl = "{site}/redirect/302?to=/hang"\n', limit_s=0.5)

    assert measurement.reason == f"redirected to {site}/hang: time-out after 0.5 s, waiting for the first byte"
    assert measurement.duration_ms < 1_000


VALUES = [
    ("a b&c=d/e?f#g%h", "echo?n=${v}", "/echo?n=a%20b%26c%3Dd%2Fe%3Ff%23g%25h"),
    ("a/../b", "echo/${v}?x=1", "/echo/a%2F..%2Fb?x=1"),
    ("Café", "echo?n=${v}", "/echo?n=Caf%C3%A9"),
    ("/echo?page=2", "", "/echo?page=2"),
]


@pytest.mark.parametrize(("value", "path", "sent"), VALUES)
def test_extracted_values_are_encoded_for_their_place(bench: Bench, value: str, path: str, sent: str) -> None:
    """Data is data; only a path right after the host is an address."""
    from outrider.probes.http_request import fill_url
    from outrider.workspace import read_template

    text = "http://shop.example/" + path if path else "http://shop.example${v}"

    assert fill_url(read_template(text, {}, {"v"}), {"v": value}) == f"http://shop.example{sent}"
    assert fill_url(read_template("${v}", {}, {"v"}), {"v": "http://b.example/c?d=e"}) == "http://b.example/c?d=e"
