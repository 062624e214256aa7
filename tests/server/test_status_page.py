"""The public status page over HTTP."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.routing import Route
from tests.builders import new_store

from outrider.dashboard import Sources, StatusPageSources
from outrider.model import ServiceView, StatusPhase, StatusUpdate
from outrider.server import Access, AccessRules, AcknowledgeSigner, StatusPage, application, status_page_application
from outrider.workspace import ServerSettings, StatusComponent, StatusPageSettings
from outrider.workspace.status_page_settings import TAKEN_PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.applications import Starlette
    from starlette.types import ASGIApp

    from outrider.store import Store

NOW_US = 1_800_000_000_000_000
SETTINGS = StatusPageSettings("Shop status", components=(StatusComponent("Checkout", "", "", ("*",)),))
VIEW = ServiceView(True, True, (), {}, 0.0, 0, 0, 0)


@dataclass
class Clock:
    """A clock that a test moves."""

    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Site:
    """A status page, and how often it was rendered."""

    store: Store
    root: Path
    clock: Clock = field(default_factory=Clock)
    rendered: int = 0

    def __post_init__(self) -> None:
        self.page = StatusPage(self.clock)
        self.page.use(self.sources())

    def sources(self, settings: StatusPageSettings = SETTINGS) -> StatusPageSources:
        def now_us() -> int:
            self.rendered += 1
            return NOW_US

        return StatusPageSources(self.store, settings, lambda: (), lambda _checks, _since, _until: (), now_us)

    @property
    def own_port(self) -> ASGIApp:
        """The page at an address of its own."""
        return status_page_application(self.page)

    def beside_pages(self, path: str | None = "/status", base: str = "") -> Starlette:
        """Return the pages of a server that others reach, with the status page at a path."""
        rules = AccessRules(ServerSettings(base_path=base), is_loopback=False)
        access = Access(self.store, rules, lambda: NOW_US)
        sources = Sources(self.store, lambda: (), lambda: VIEW, lambda: NOW_US, "milepost")
        served = (self.page, path) if path else None
        return application(
            self.store.heartbeats, None, lambda: NOW_US, sources, ("outrider.example",),
            access=access, status_page=served, links=AcknowledgeSigner(b"x" * 32),
        )  # fmt: skip


def get(app: ASGIApp, *paths: str, host: str = "status.example", **headers: str) -> list[httpx.Response]:
    """Return the answers to somebody far away."""

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app, client=("10.0.0.9", 1234))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}", headers=headers) as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(ask())


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    store = new_store(tmp_path / "store" / "outrider.db", artifacts=tmp_path / "artifacts")
    yield Site(store, tmp_path)
    store.close()


def test_a_path_may_not_begin_as_that_of_any_page(site: Site) -> None:
    """What the settings refuse is what the server has."""
    routes = [route for route in site.beside_pages(path=None).routes if isinstance(route, Route)]

    assert {route.path.split("/")[1] for route in routes} - {""} == TAKEN_PARTS


def test_everybody_reads_the_page_at_its_own_port_and_nothing_else_is_there(site: Site) -> None:
    """No sign-in, no cookie, no script, and none of the pages of the workspace."""
    page, feed, badge, *others = get(
        site.own_port, "/", "/feed.atom", "/badge.svg", "/runs/1", "/api/v1/checks", "/sign-in", "/static/pages.js",
        "/incidents", "/heartbeat/x", "/metrics", "/live",
    )  # fmt: skip

    assert [answer.status_code for answer in (page, feed, badge)] == [200] * 3
    assert {answer.status_code for answer in others} == {404}
    assert "set-cookie" not in page.headers
    assert "script-src" not in page.headers["content-security-policy"]
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert page.headers["cache-control"] == "public, max-age=10"
    assert page.headers["x-content-type-options"] == "nosniff"


def test_beside_the_pages_only_the_status_page_is_public(site: Site) -> None:
    """Bound beyond loopback everything else stays closed, under whichever name it is asked."""
    pages = site.beside_pages()
    page, short, checks, overview = get(pages, "/status/", "/status", "/api/v1/checks", "/", host="outrider.example")
    (foreign,), (refused,) = get(pages, "/status/"), get(pages, "/statuses")

    assert page.status_code == foreign.status_code == 200
    assert (short.status_code, short.headers["location"]) == (308, "/status/")
    assert (checks.status_code, overview.status_code) == (401, 403)
    assert refused.status_code == 421


def test_below_a_base_path_it_lies_below_that(site: Site) -> None:
    """Whether the proxy cuts the path off or not."""
    short, page, cut = get(
        site.beside_pages(base="/watch"), "/watch/status", "/watch/status/", "/status/", host="outrider.example"
    )

    assert short.headers["location"] == "/watch/status/"
    assert page.status_code == cut.status_code == 200


def test_it_is_not_served_at_the_pages_when_it_has_a_port_or_is_off(site: Site) -> None:
    """Nobody finds it by a path then."""
    (answer,) = get(site.beside_pages(None), "/status/", host="outrider.example")

    assert answer.status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/../outrider.toml", "/%2e%2e/%2e%2e/etc/passwd", "/incidents/../../x", "/incidents/%00.html", "/badges/a.svg",
        "//etc/passwd", "/index.html/", "/status.json/../x", "/INDEX.HTML", "/%f0%28%8c%28", "/a" * 900,
    ],
)  # fmt: skip
def test_a_trick_in_the_path_finds_nothing(site: Site, path: str) -> None:
    """Files are looked up by name in memory; no path reaches the disk."""
    (answer,) = get(site.own_port, path)

    assert answer.status_code == 404 or answer.text == get(site.own_port, "/")[0].text


def test_vary_names_each_header_once(site: Site) -> None:
    """The page is compressed already, and the pages beside it are compressed on the way."""
    pages = site.beside_pages()
    answers = [
        *get(pages, "/status/", host="outrider.example", **{"Accept-Encoding": "identity"}),
        *get(pages, "/status/", host="outrider.example", **{"Accept-Encoding": "gzip"}),
    ]

    assert [(answer.status_code, answer.headers.get_list("Vary")) for answer in answers] == [
        (200, ["Accept-Encoding"]), (200, ["Accept-Encoding"]),
    ]  # fmt: skip


def test_a_hostile_query_changes_nothing(site: Site) -> None:
    """The answer is the same bytes, so that no cache or reader can be fooled."""
    plain, odd = get(site.own_port, "/", "/?q=<script>alert(1)</script>&lang=../../x&callback=a" + "&x=1" * 500)

    assert odd.content == plain.content


def test_one_rendering_serves_everybody_for_ten_seconds(site: Site) -> None:
    """However many ask; afterwards one of them renders it anew."""
    app = site.own_port
    first = get(app, *["/"] * 50)
    rendered = site.rendered
    (same,) = get(app, "/", **{"If-None-Match": first[0].headers["etag"]})
    site.clock.now_s = 10.5
    get(app, *["/"] * 50)

    assert (rendered, site.rendered) == (1, 2)
    assert (same.status_code, same.content) == (304, b"")


def test_while_the_store_is_away_the_last_page_is_shown_with_its_time(site: Site) -> None:
    """Whoever reads it learns that it is not renewed; it is back with the store."""
    app = site.own_port
    get(app, "/")
    site.store.close()
    shutil.move(site.root / "store", site.root / "away")
    (site.root / "store").touch()
    site.clock.now_s = 11
    (stale,) = get(app, "/")
    (site.root / "store").unlink()
    shutil.move(site.root / "away", site.root / "store")
    site.clock.now_s = 22
    (back,) = get(app, "/")

    assert (stale.status_code, back.status_code) == (200, 200)
    assert "cannot be renewed at the moment" in stale.text
    assert "2027-01-15 08:00" in stale.text
    assert "cannot be renewed" not in back.text


def test_where_nothing_is_known_yet_the_answer_is_503(site: Site) -> None:
    """As at a start without a store, or before the workspace is loaded; no error text is shown."""
    waiting = StatusPage(site.clock)
    (loading,) = get(status_page_application(waiting), "/")
    site.store.close()
    shutil.move(site.root / "store", site.root / "away")
    (site.root / "store").touch()
    answers = get(site.own_port, "/", "/feed.atom")

    assert [answer.status_code for answer in (loading, *answers)] == [503] * 3
    assert {answer.headers["retry-after"] for answer in answers} == {"10"}
    assert str(site.root) not in answers[0].text


def test_what_is_taken_off_the_page_is_gone_at_once(site: Site) -> None:
    """Other settings are followed by the next answer, whatever was kept."""
    app = site.own_port
    site.store.status_updates.record(
        StatusUpdate("u1", "ab" * 16, NOW_US - 1, StatusPhase.INVESTIGATING, "We look.", "Pay")
    )
    before, incident = get(app, "/", f"/incidents/{'ab' * 16}.html")
    other = StatusComponent("Search", "", "", ("*",))
    site.page.use(site.sources(replace(SETTINGS, components=(other,))))
    (after,) = get(app, "/")

    assert "Checkout" in before.text
    assert "We look." in incident.text
    assert "Checkout" not in after.text
    assert "Search" in after.text
