"""The pages of sign-in, account, tokens and audit log in a real browser: used by a person, and read by everybody."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.accessibility import AXE, violations
from tests.page_patterns import PAGES, WIDTHS, opened, overflow, routes_of

from outrider.model import Role
from outrider.server import Background, TokenRequest, issue_token, listen
from outrider.server.viewer import Viewer
from outrider.workspace import OidcSettings, RoleSettings

from .conftest import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from .conftest import Server

pytestmark = pytest.mark.browser

LONG = "Straßenbahnhaltestellenübersichtsseitenüberwachung" * 2
PATHS = ("/account", "/tokens", "/audit", "/sign-in/oidc/callback", "/sign-in?next=/")


@pytest.fixture
def address(server: Server) -> Iterator[str]:
    """The address of a server with a user, tokens and an audit log, with long and foreign names."""
    server.use(is_loopback=True, open_on_loopback=False, oidc=OidcSettings(
        "http://127.0.0.1:9", "outrider", label=LONG, access=RoleSettings(Role.VIEWER)))  # fmt: skip
    server.add_user("Ada")
    entry = Viewer("商品の購入手続きと支払い確認", Role.ADMIN, "password", "2001:db8::1").change(
        server.now_us, "token.create", LONG, "x" * 300
    )
    for number, name in enumerate((LONG, "ci", "商品の購入手続き")):
        token = issue_token(server.store, TokenRequest(name, lifetime_s=10.0 if number else None), entry).token
    server.store.tokens.revoke(token.id, server.now_us)
    listener = listen("127.0.0.1", 0)
    background = Background(server.application, listener)
    yield f"http://localhost:{listener.getsockname()[1]}"
    background.close()


def signed_in(browser: Browser, address: str, complaints: list[str], path: str = "/", **options: object) -> Page:
    """Return a page whose user has signed in, on the way to `path`."""
    page = opened(browser, address + path, complaints, **options)
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    return page


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_person_signs_in_makes_a_token_and_signs_out(chromium: Browser, address: str, *, has_scripts: bool) -> None:
    """With and without scripts; the policy of content allows all of it."""
    complaints: list[str] = []

    page = signed_in(chromium, address, complaints, "/service?x=1", java_script_enabled=has_scripts)
    expect(page).to_have_url(f"{address}/service?x=1")
    page.get_by_role("link", name="Ada").click()
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("link", name="Tokens of programs").click()
    page.get_by_label("name", exact=True).fill("nightly")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("status")).to_contain_text("outrider_api_")
    page.get_by_role("button", name=re.compile("^Revoke nightly")).click()
    expect(page.get_by_role("status")).to_have_count(0)
    expect(page.get_by_role("row", name="nightly")).to_contain_text("revoked")
    page.get_by_role("link", name="Ada").click()
    page.get_by_role("link", name="Audit log").click()
    expect(page.get_by_role("row", name="nightly").first).to_contain_text("token")
    page.get_by_role("link", name="Ada").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto(f"{address}/audit")

    expect(page).to_have_url(f"{address}/sign-in?next=/audit")
    assert complaints == []
    page.context.close()


def test_pages_of_access_fit_every_screen(chromium: Browser, address: str, server: Server) -> None:
    """No sideways scrolling at any width, whatever names there are."""
    page = signed_in(chromium, address, [])

    wider = {}
    for path in PATHS:
        page.goto(address + path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            wider[path, width] = overflow(page)
    page.context.close()

    assert set(wider.values()) == {0}, wider
    assert routes_of(server.application, PATHS) == PAGES["access"]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: python hatch_build.py check")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_access_can_be_read_by_everybody(chromium: Browser, address: str, server: Server, scheme: str) -> None:
    """No violation of axe's rules in light and dark, on pages of errors and the closed page, too."""
    problems = []
    page = signed_in(chromium, address, [], color_scheme=scheme, bypass_csp=True)
    for path in (*PATHS, "/"):
        if path == "/":
            server.access.records = None
            server.access.use(replace(server.access.rules, settings=replace(server.settings, oidc=None)))
        page.goto(address + path)
        problems += violations(page)
    page.context.close()

    assert problems == []
