"""Pages below a path, as behind a proxy: every address, redirect and cookie honours it."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from outrider.dashboard import check_path
from outrider.model import Outcome, Release, Role, User
from outrider.server import Access, AccessRules, application, hash_password
from outrider.workspace import ServerSettings

from .conftest import HOUR_US, NOW_US, Scene

if TYPE_CHECKING:
    from outrider.server import Application

BASE = "/ops/outrider"
ADDRESS = re.compile(r"""<[^>]*?\s(?:href|src|action|data-[a-z-]+)="(/[^"]*|https?:[^"]*)\"""")
POSTED = re.compile(r'''<form[^>]*?method="post"[^>]*?action="([^"]*)"''')
PASSWORD = "correct horse battery"


@pytest.fixture
def pages(scene: Scene) -> Application:
    """The pages of a workspace with a bit of everything, below a path, for those who sign in."""
    home = scene.add("home", locations=("oslo", "rome"))
    for ago in range(1, 60):
        scene.ran(home, Outcome.FAILED if ago == 1 else Outcome.PASSED, ago_us=ago * HOUR_US, location="oslo")
    for number in range(60):
        scene.add(f"check {number}")
    scene.incident(home, what="down")
    scene.store.judgements.record_release(Release("v1", "production", NOW_US - 2 * HOUR_US))
    scene.store.users.add(User("ada", Role.ADMIN, hash_password(PASSWORD), NOW_US, NOW_US))
    rules = AccessRules(ServerSettings(base_path=BASE, trusted_proxies=("10.0.0.1",)), is_loopback=False)
    access = Access(scene.store, rules, lambda: NOW_US)
    hosts = ["outrider.example"]
    return application(scene.store.heartbeats, None, lambda: NOW_US, scene.sources, hosts, access=access)


def visited(pages: Application, base: str, start: str) -> dict[str, httpx.Response]:
    """Return the answers to all addresses that pages lead to, after a sign-in.

    Args:
        pages: The application.
        base: What the proxy leaves of the path before ours.
        start: The first page.
    """

    async def visit() -> dict[str, httpx.Response]:
        transport = httpx.ASGITransport(pages, client=("10.0.0.1", 1))
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
        async with httpx.AsyncClient(
            transport=transport, base_url="https://outrider.example", headers=headers
        ) as client:
            fields = {"name": "ada", "password": PASSWORD, "next": "/service"}
            signed_in = await client.post(f"{base}/sign-in", data=fields)
            session = signed_in.headers["Set-Cookie"]
            client.headers["Cookie"] = session.partition(";")[0]
            answers, ahead, kinds = {"sign-in": signed_in}, [start], {kind_of(start)}
            while ahead:
                address = ahead.pop(0)
                path = address.removeprefix(BASE) if not base else address
                answers[address] = answer = await client.get(path)
                if answer.headers.get("content-type", "").startswith("text/html"):
                    kinds_ahead = {kind_of(link): link for link in addresses(answer) if kind_of(link) not in kinds}
                    kinds |= set(kinds_ahead)
                    ahead += kinds_ahead.values()
            return answers

    return asyncio.run(visit())


def kind_of(address: str) -> tuple[str, ...]:
    """Return what addresses of one kind have in common: their path and the names of their parameters."""
    parts = urlsplit(address)
    path = re.sub(r"(/runs/|/checks/).+", r"\1", parts.path) if "home" not in parts.path else parts.path
    return (path, *(name for name, _ in parse_qsl(parts.query, keep_blank_values=True)))


def addresses(answer: httpx.Response) -> list[str]:
    """Return where a page leads to, apart from where its forms change something."""
    leading = POSTED.sub("", answer.text)
    return [address.replace("&amp;", "&").partition("#")[0] for address in ADDRESS.findall(leading)]


@pytest.mark.parametrize("base", [BASE, ""], ids=["handed on whole", "cut off by the proxy"])
def test_every_address_of_every_page_lies_below_the_path(pages: Application, scene: Scene, base: str) -> None:
    """Whoever follows any of them gets an answer, whether the proxy cuts the path off or not."""
    answers = visited(pages, base, f"{BASE}/")
    signed_in = answers.pop("sign-in")

    assert signed_in.headers["Location"] == f"{BASE}/service"
    assert signed_in.headers["Set-Cookie"].startswith("__Secure-outrider_session=")
    assert f"Path={BASE};" in signed_in.headers["Set-Cookie"]
    assert len(answers) > 20
    assert {f"{BASE}/account", f"{BASE}/tokens", f"{BASE}/audit", BASE + check_path(scene.checks[0].id)} <= set(answers)  # type: ignore[index]
    outside = {address for address in answers if not urlsplit(address).path.startswith(f"{BASE}/")}
    assert outside == set()
    assert {address: answer.status_code for address, answer in answers.items() if answer.status_code != 200} == {}
    posted = {address for answer in answers.values() for address in POSTED.findall(answer.text)}
    assert f"{BASE}/sign-out" in posted
    assert all(address.startswith(f"{BASE}/") for address in posted)


def test_whoever_has_to_sign_in_comes_back_below_the_path(pages: Application) -> None:
    """The wanted page is named without it, so that no other path can be meant."""

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(pages, client=("10.0.0.9", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://outrider.example") as client:
            paths = (f"{BASE}/runs/1?x=1", BASE, f"{BASE}/api/v1/runs", f"{BASE}/healthz", "/ops/outriders")
            return [await client.get(path) for path in paths]

    page, root, api, health, other = asyncio.run(ask())

    assert page.headers["Location"] == f"{BASE}/sign-in?next=/runs/1%3Fx%3D1"
    assert (root.status_code, root.headers["Location"]) == (308, f"{BASE}/")
    assert (api.status_code, health.status_code) == (401, 200)
    assert other.status_code == 404
