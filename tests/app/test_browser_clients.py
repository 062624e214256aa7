"""Clients of others, in a built page in a real browser: their errors, spans and vitals are told as those of ours."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from playwright.sync_api import expect, sync_playwright
from tests.app.served_pages import served_pages
from tests.builders import new_store
from tests.waiting import until

from outrider.app.access.workspace_access import now_us
from outrider.app.errors.error_projects import KeyRequest, add_project
from outrider.app.errors.error_service import ErrorService
from outrider.app.errors.source_map_files import MapScope, check_build, upload_maps
from outrider.app.lookup.telemetry_access import open_telemetry
from outrider.app.telemetry.telemetry_ingest import TelemetryIngest
from outrider.dashboard import replay_lines
from outrider.journeys.browser import BrowserSettings, find_browser
from outrider.model import IssueQuery, ReplayQuery
from outrider.real_users import SessionFilter, ViewFilter
from outrider.workspace import ErrorSettings, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    from outrider.model import ErrorEvent, ReplaySummary
    from outrider.real_users import PageView
    from outrider.store import Store
    from outrider.telemetry_store import TelemetryStore

MODULES: Final = Path(__file__).parents[2] / "frontend" / "node_modules"
AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
PAGE: Final = """<!doctype html><h1>Shop</h1><p>Ada Lovelace</p><input name="card"><button>pay</button>
<script src="/app.min.js" data-client="{client}" data-server="{server}" data-key="{key}"></script>"""
"""On loopback, as Outrider is: a browser lets no other page send there."""
DAY_US: Final = 86_400_000_000

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_spec("chdb") is None, reason="needs the extra telemetry"),
    pytest.mark.skipif(
        not (MODULES / "@sentry/browser").exists(), reason="clients are not installed: python hatch_build.py check"
    ),
]


@dataclass
class Scene:
    """A shop whose page carries a client, and what takes what that sends."""

    store: Store
    telemetry: TelemetryStore
    site: ShopSite
    browser: Browser

    def buy(self, client: str, until_sent: Callable[[], bool] = lambda: True) -> None:
        """Open the page with a client, press its button, which fails in the code of the shop, and leave."""
        page = self.browser.new_page()
        page.goto(f"{self.site.address}/{client}")
        page.fill("input", "no 4711")
        page.click("button")
        page.wait_for_function("document.title === 'sent'")
        until(until_sent)
        page.goto("about:blank")
        page.close()

    def events(self) -> dict[str, ErrorEvent]:
        """Return the errors that came in, by who tells of them; OpenTelemetry's client does not say."""
        issues = self.store.errors.list(IssueQuery(now_us()))
        kept = [entry for issue in issues for entry in self.store.errors.events(issue.id)]
        events = [place.event for entry in kept if (place := self.store.errors.event(entry.id))]
        return {event.sdk.partition(" ")[0]: event for event in events}

    def views(self, client: str) -> list[PageView]:
        now = now_us()
        wanted = SessionFilter(ViewFilter(now - DAY_US, now + DAY_US, page=f"/{client}"))
        visits = [self.telemetry.session_views(row.session) for row in self.telemetry.sessions(wanted)]
        return [view for views in visits for view in views if view.page == f"/{client}"]


class ShopSite:
    """Where it is, what its pages are told, and the traces of the calls that they make."""

    address = ""
    scope: dict[str, str]
    traces: list[str]


@contextmanager
def shop_site(script: bytes) -> Iterator[ShopSite]:
    """Serve the shop on loopback."""
    site = ShopSite()
    site.traces = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = PAGE.format(client=self.path.strip("/"), **site.scope).encode()
            self._answer(*((script, "text/javascript") if self.path.endswith(".js") else (page, "text/html")))

        def do_POST(self) -> None:
            headers = self.headers
            site.traces += re.findall(r"[0-9a-f]{32}", headers.get("traceparent") or headers.get("sentry-trace") or "")
            self._answer(b"{}", "application/json")

        def _answer(self, content: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield site
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def user_browser() -> Iterator[Browser]:
    """One that names itself as users' do, in what a page sends while it is left, too."""
    with sync_playwright() as playwright:
        executable = find_browser(BrowserSettings()).executable
        browser = playwright.chromium.launch(executable_path=executable, args=[f"--user-agent={AGENT}"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, user_browser: Browser) -> Iterator[Scene]:
    root = tmp_path_factory.mktemp("shop")
    (root / "outrider.toml").write_text('[errors]\n[telemetry]\nlisten = "127.0.0.1:0"\n', "utf-8")
    workspace = replace(load(root), errors=ErrorSettings(port=0, least_free_bytes=1))
    workspace.state.mkdir()
    esbuild, main = MODULES / ".bin" / "esbuild", Path(__file__).with_name("client_page") / "main.ts"
    subprocess.run(
        [esbuild, main, "--bundle", "--minify", "--sourcemap", f"--outfile={root}/web/app.min.js"],
        check=True, timeout=60, env=os.environ | {"NODE_PATH": str(MODULES)}, capture_output=True,
    )  # fmt: skip
    script = (root / "web/app.min.js").read_bytes()
    store = new_store(workspace.state / "outrider.db", artifacts=workspace.state / "artifacts")
    with shop_site(script) as site, store, open_telemetry(workspace) as telemetry:
        scope = MapScope(release="1.4.0")
        upload_maps(store, check_build([root / "web"], scope), scope)
        key = add_project(store, workspace, "shop", "live", per_day=1_000, key=KeyRequest((site.address,))).key.id
        with ErrorService(workspace, store) as service, TelemetryIngest(workspace, store, telemetry):
            site.scope = {"server": service.address, "key": key}
            yield Scene(store, telemetry, site, user_browser)


@pytest.mark.parametrize(
    ("client", "sdk"), [("sentry", "sentry.javascript.browser"), ("faro", "faro-web"), ("opentelemetry", "")]
)
def test_an_error_of_a_built_page_is_told_in_its_source_with_the_trace_of_its_call(
    scene: Scene, client: str, sdk: str
) -> None:
    """Whichever client sees it; all of them group it as one issue. Spans are those of the project's service."""
    scene.buy(client)

    until(lambda: sdk in scene.events())
    event, trace = scene.events()[sdk], scene.site.traces[-1]
    frames = event.exceptions[0].frames
    until(lambda: any("/api/pay" in span.attributes.get("url.full", "") for span in scene.telemetry.trace(trace)))
    assert [frame.function for frame in frames[-2:]] == ["pay", "totalOf"]
    assert frames[-1].path.endswith("client_page/pay.ts")
    assert (frames[-1].line, frames[-1].source.strip()[:18]) == (7, "return order.lines")
    assert (event.release, event.environment, event.platform) == ("1.4.0", "live", "javascript")
    assert len(scene.store.errors.list(IssueQuery(now_us()))) == 1
    spans = scene.telemetry.trace(trace)
    assert {span.service for span in spans} == {"shop"}
    assert event.trace_id in {trace, ""}
    assert "4242" not in f"{spans}{event.breadcrumbs}{event.request}{event.extra}"


def test_a_replay_of_sentrys_client_is_masked_and_played(scene: Scene) -> None:
    """As its integration records it after an error; the page of the issue leads to it."""

    def replays() -> tuple[ReplaySummary, ...]:
        return scene.store.replays.latest(ReplayQuery(0, now_us() + DAY_US), limit=9)

    scene.buy("sentry", lambda: bool(replays()))  # it sends none before five seconds
    session = replays()[0].session
    parts = scene.store.replays.of_session(session)
    said = "".join(line.decode() for line in replay_lines(scene.store.artifacts, parts))
    assert (parts[0].has_snapshot, parts[0].page) == (True, f"{scene.site.address}/sentry")
    assert "Shop" in said
    assert not [word for word in ("Lovelace", "4711", "ada@") if word in said]
    with served_pages(scene.store) as pages:
        page = scene.browser.new_page()
        until(lambda: scene.store.errors.event(parts[0].error_ids[0]) is not None)
        page.goto(f"{pages}/errors/1?event={parts[0].error_ids[0]}")
        page.get_by_role("link", name="what the user saw").click()
        shown = page.frame_locator("iframe[data-files]").frame_locator("iframe")
        expect(shown.get_by_role("heading")).to_have_text("Shop")
        expect(shown.locator("p")).to_have_text("*** ********")
        moment = page.get_by_role("row").filter(has=page.get_by_role("link", name="issue 1"))
        expect(moment.get_by_role("button")).to_have_text("0:00")
        expect(page.get_by_role("row").filter(has_text="cart is old")).to_contain_text("warn")
        page.close()


@pytest.mark.parametrize("client", ["sentry", "faro", "web-vitals"])
def test_vitals_of_another_client_are_those_of_a_page_view(scene: Scene, client: str) -> None:
    """Though they come one by one; a page that is loaded again is another view of the same visit."""
    scene.buy(client)
    scene.buy(client)

    def told() -> list[PageView]:
        return [view for view in scene.views(client) if None not in (view.lcp_ms, view.fcp_ms, view.ttfb_ms)]

    until(lambda: len(told()) >= 2, lambda: scene.views(client))
    view = told()[0]
    assert (view.page, view.browser, view.device, view.origin) == (f"/{client}", "Chrome 156", "desktop", "")
    assert view.causes["lcp.element"].endswith("h1")


def test_sessions_of_pages_count_once_whichever_client_tells_of_them(scene: Scene) -> None:
    """Sentry's by what it says of sessions, though its vitals are visits, too; Faro's by its visits."""
    scene.buy("sentry")
    health = scene.store.release_health
    until(lambda: bool(health.list(now_us(), 0)) and bool(scene.views("sentry")))
    (told,) = health.list(now_us(), 0)
    visits = scene.telemetry.release_visits(ViewFilter(0, now_us() + DAY_US), recent_us=0)

    (both,) = health.list(now_us(), 0, visits=visits)

    assert [(own.release, own.sessions > 0, own.crashed > 0) for own in visits] == [("1.4.0", True, True)]
    assert (both.release, both.sessions) == ("1.4.0", told.sessions)
