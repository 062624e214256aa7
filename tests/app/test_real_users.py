"""What a browser tells by the script becomes page views and issues; forged and broken beacons change nothing."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
from click.testing import CliRunner
from tests.app.real_user_page import RealUserSite, real_user_site
from tests.builders import new_store, run_of
from tests.waiting import until

from outrider.app.access.signing_key import signing_key
from outrider.app.access.workspace_access import now_us
from outrider.app.errors.error_projects import KeyRequest, add_project, add_project_key
from outrider.app.errors.error_service import ErrorService
from outrider.app.errors.rum_tag import rum_tag
from outrider.app.lookup.telemetry_access import open_telemetry
from outrider.cli.sessions import sessions
from outrider.cli.vitals import vitals
from outrider.model import (
    Check,
    CheckId,
    IssueQuery,
    Kind,
    Measurement,
    Origin,
    Outcome,
    Policy,
    Sample,
    begin_trace,
)
from outrider.real_users import SessionFilter, ViewFilter, ViewKey, Vital
from outrider.workspace import ErrorSettings, load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from outrider.app.errors.error_projects import IssuedKey
    from outrider.model import Issue, ReleaseVisits
    from outrider.real_users import PageView
    from outrider.store import Store
    from outrider.telemetry_store import TelemetryStore
    from outrider.workspace import Workspace

pytestmark = [pytest.mark.browser, pytest.mark.skipif(find_spec("chdb") is None, reason="needs the extra telemetry")]

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
USER = "Object.defineProperty(Navigator.prototype, 'webdriver', {get: () => false})"
DAY_US = 86_400_000_000
JOURNEY = Check(CheckId("journey:shop"), Kind.JOURNEY, "journeys/test_shop.py", "shop", "shop", Policy())


@dataclass
class Scene:
    """A site whose users are told of."""

    workspace: Workspace
    store: Store
    telemetry: TelemetryStore
    service: ErrorService
    issued: IssuedKey
    site: RealUserSite

    def wanted(self, **more: str) -> ViewFilter:
        now = now_us()
        return ViewFilter(now - DAY_US, now + DAY_US, **more)

    def views(self, origin: str = "") -> list[PageView]:
        sessions = self.telemetry.sessions(SessionFilter(self.wanted(origin=origin)))
        return [view for row in sessions for view in self.telemetry.session_views(row.session)]

    def issues(self) -> tuple[Issue, ...]:
        return tuple(self.store.errors.list(IssueQuery(now_us())))

    def post(
        self, said: object, *, origin: str = "", key: str = "", agent: str = AGENT, project: int = 1
    ) -> httpx.Response:
        content = said if isinstance(said, bytes) else json.dumps(said).encode()
        headers = {"Origin": origin or self.site.address, "User-Agent": agent}
        address = f"{self.service.address}/api/{project}/rum/?sentry_key={key or self.issued.key.id}"
        return httpx.post(address, content=content, headers=headers)

    def beacon(self, **more: Any) -> dict[str, Any]:
        return {
            "v": 1, "session": f"{time.time_ns():032x}"[-32:], "view": "00000000000000aa", "n": 1, "ms": 1000,
            "url": f"{self.site.address}/cart", **more,
        }  # fmt: skip


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    root = tmp_path_factory.mktemp("shop")
    (root / "outrider.toml").write_text("[errors]\n[telemetry]\n", "utf-8")
    workspace = replace(load(root), errors=ErrorSettings(port=0, least_free_bytes=1, query=("lang",)))
    workspace.state.mkdir()
    store = new_store(workspace.state / "outrider.db", artifacts=workspace.state / "artifacts")
    with real_user_site() as site, store, open_telemetry(workspace) as telemetry:
        key = KeyRequest(origins=(site.address,), per_address=0)
        issued = add_project(store, workspace, "shop", "production", per_day=1_000, key=key)
        with ErrorService(workspace, store) as service:
            scene = Scene(workspace, store, telemetry, service, issued, site)
            here = replace(workspace, errors=replace(workspace.errors or ErrorSettings(), url=service.address))
            tag = rum_tag(store, here, 1, has_integrity=True)
            site.tag, site.policy = tag.html, "; ".join(f"{part} 'self'" for part in tag.policy.split("; "))
            yield scene


@pytest.fixture
def page(scene: Scene, chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(user_agent=AGENT)
    context.add_init_script(USER)
    yield context.new_page()
    context.close()


def test_a_visit_is_told_with_vitals_calls_clicks_and_its_error(scene: Scene, page: Page) -> None:
    """Under a policy without inline scripts, with `integrity`; a page that closes tells the rest."""
    blocked: list[str] = []
    page.on("console", lambda message: blocked.append(message.text) if "Content Security" in message.text else None)
    page.goto(f"{scene.site.address}/?mail=ada@example.org&lang=de")
    page.evaluate("outrider.user('ada@example.org')")
    page.click("#buy")
    page.get_by_text("bought").wait_for()
    page.locator("h1").click(click_count=3)
    page.click("#go")
    page.click("#fail")
    page.wait_for_timeout(100)
    page.close(run_before_unload=True)

    until(lambda: any(view.failed_calls for view in scene.views()))
    views = scene.views()

    first, second = (next(view for view in views if view.page == name) for name in ("/", "/product/*"))
    assert blocked == []
    assert first.session == second.session
    assert (first.url, second.url) == (f"{scene.site.address}/?lang=de", f"{scene.site.address}/product/12345")
    assert (second.navigation, second.previous) == ("app", first.url)
    assert None not in (first.lcp_ms, first.fcp_ms, first.ttfb_ms, first.cls)
    assert second.lcp_ms is None
    assert (first.cache, second.cache) == ("empty", "")
    assert first.power in {"low", "middle", "high"}
    assert (first.browser, first.system, first.device, first.network) == (
        "Chrome 156", "Linux", "desktop", "127.0.0.0/24",
    )  # fmt: skip
    assert (first.calls, first.rage_clicks, first.errors) == (1, 1, 1)
    assert (second.calls, second.failed_calls, second.errors) == (1, 1, 1)
    assert (first.crashes, second.crashes) == (1, 0)
    said = json.dumps([view._asdict() for view in views])
    assert "geheim" not in said
    assert "ada@" not in said
    until(lambda: any(issue.title == "TypeError" for issue in scene.issues()), scene.issues)
    (issue,) = [issue for issue in scene.issues() if issue.title == "TypeError"]
    kept = next(iter(scene.store.errors.events(issue.id)))
    place = scene.store.errors.event(kept.id)
    assert place is not None
    event = place.event
    assert event.contexts["session"]["id"] == first.session
    assert event.exceptions[0].frames[-1].function == "payForOrder"
    assert event.trace_id == scene.site.traces[-1].split("-")[1]
    assert event.transaction == "/"


def test_a_document_that_fails_is_a_failed_call_and_our_own_scripts_are_no_resources(scene: Scene, page: Page) -> None:
    """What answered with 502 stands in the timeline; of what the page loads, its own parts alone are told.

    The page reads back how it named itself, as a journey does.
    """
    page.goto(f"{scene.site.address}/refused")
    page.wait_for_load_state("load")
    assert page.evaluate("[outrider.named, outrider.page('no order'), outrider.named]") == ["", None, "no order"]
    page.close(run_before_unload=True)

    until(lambda: any(view.page == "no order" for view in scene.views()))
    (view,) = (view for view in scene.views() if view.page == "no order")
    events = [event[1:4] for event in json.loads(view.events)]
    assert (view.failed_calls, view.calls) == (1, 0)
    assert ["call", "document /refused", 502] in events
    assert [row[1] for row in json.loads(view.resources)] == [f"{scene.site.address}/page.js"]


def test_a_replay_begins_under_nonces_and_trusted_types(
    scene: Scene, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recorder is loaded by the nonce of the page's own tag, and by a policy that the page may name.

    What the page writes to the console meanwhile is written, though nobody can read it.
    """
    policy = f"script-src 'nonce-n1'; connect-src {scene.service.address}; require-trusted-types-for 'script'"
    monkeypatch.setattr(scene.site, "policy", f"{policy}; trusted-types outrider")
    monkeypatch.setattr(scene.site, "tag", scene.site.tag.replace("<script ", '<script nonce="n1" '))
    page.goto(f"{scene.site.address}/strict")

    with page.expect_response(lambda answer: "/rum-replay-" in answer.url):
        page.evaluate("outrider.replay()")

    page.wait_for_function("!String(console.info).includes('native')")
    page.evaluate("const {proxy, revoke} = Proxy.revocable({}, {}); revoke(); console.info(proxy)")


def test_vitals_are_asked_for_by_any_key(scene: Scene) -> None:
    """Shares, percentiles, periods and bins of the same views agree; a later beacon replaces an earlier one."""
    for number, lcp in enumerate([1000, 2000, 3000, 5000]):
        beacon = scene.beacon(url=f"{scene.site.address}/list", view=f"{number + 1:016x}", connection="4g")
        assert scene.post(beacon | {"vitals": {"lcp": 1}}).status_code == 204
        assert scene.post(beacon | {"n": 2, "vitals": {"lcp": lcp}}).status_code == 204
    wanted = scene.wanted(page="/list")

    until(lambda: scene.telemetry.all_vitals(wanted).vitals[Vital.LCP].poor == 1)
    row = scene.telemetry.all_vitals(wanted)
    lcp_share = row.vitals[Vital.LCP]
    assert (row.views, lcp_share.count, lcp_share.good, lcp_share.poor) == (4, 4, 2, 1)
    assert lcp_share.p75 in {3000, 5000}
    assert scene.telemetry.vitals(wanted, ViewKey.CONNECTION)[0].key == "4g"
    points = scene.telemetry.vital_points(wanted, Vital.LCP, every_s=86_400)
    assert sum(point.count for point in points) == 4
    bins = scene.telemetry.vital_bins(wanted, Vital.LCP, [0, 2500, 4000])
    assert [bin_.count for bin_ in bins] == [2, 1, 1]


def test_who_declines_or_is_no_user_is_not_counted(scene: Scene, chromium: Browser) -> None:
    """Global Privacy Control keeps the script silent; a robot and a prober are told apart by what cannot be claimed."""
    context = chromium.new_context(user_agent=AGENT)
    context.add_init_script(USER)
    context.add_init_script("Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {value: true})")
    page = context.new_page()
    page.goto(f"{scene.site.address}/declined")
    assert page.evaluate("sessionStorage.length") == 0
    context.close()
    forged = begin_trace(b"another key" * 3, Origin.SYNTHETIC, _run(), attempt=1, until_s=2**33)
    true = begin_trace(signing_key(scene.workspace.state), Origin.SYNTHETIC, _run(), attempt=1, until_s=2**33)
    over = begin_trace(signing_key(scene.workspace.state), Origin.SYNTHETIC, _run(), attempt=1, until_s=10**9)
    for name, trace in (("forged", forged), ("true", true), ("over", over)):
        claim = f"{trace.trace_id} outrider={trace.state}"
        scene.post(scene.beacon(url=f"{scene.site.address}/{name}", synthetic=claim))
    scene.post(scene.beacon(url=f"{scene.site.address}/robot"), agent="Mozilla/5.0 HeadlessChrome/156.0")

    def pages_of(origin: str) -> set[str]:
        return {view.page for view in scene.views(origin)}

    until(lambda: {"/forged", "/over"} <= pages_of("") and bool(pages_of("synthetic")) and bool(pages_of("robot")))
    pages = {origin: pages_of(origin) for origin in ("", "synthetic", "robot")}

    assert "/declined" not in pages[""]
    assert pages["synthetic"] == {"/true"}
    assert pages["robot"] == {"/robot"}


def test_commands_tell_of_users(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table, JSON, and one visit as a timeline; a visit that is not kept is said to be so."""
    beacon = scene.beacon(url=f"{scene.site.address}/told", events=[[120, "click", "button#buy"]], vitals={"lcp": 2500})
    assert scene.post(beacon).status_code == 204
    until(lambda: any(view.page == "/told" for view in scene.views()))
    monkeypatch.chdir(scene.workspace.root)
    host = urlsplit(scene.site.address).hostname
    measured = Measurement(
        Outcome.PASSED, "", now_us(), 9.0, samples=(Sample("open", f"lcp_ms {host}/told", 800.0),)
    )  # fmt: skip
    scene.store.runs.record(run_of(measured, JOURNEY.id))
    scene.store.checks.record([JOURNEY], now_us())

    table = CliRunner().invoke(vitals, ["--page", "/told"])
    listed = CliRunner().invoke(sessions, ["--page", "/told", "--json"])
    timeline = CliRunner().invoke(sessions, [beacon["session"]])
    beside = CliRunner().invoke(vitals, ["--lab", "--page", "/told"])
    missing = CliRunner().invoke(sessions, ["0" * 32])

    assert "2.5 s" in table.stdout, table.output
    assert "LCP" in beside.stdout, beside.output
    assert "too little to compare: 1 run, 1 view" in " ".join(beside.stdout.split())
    assert [row["session"] for row in json.loads(listed.stdout)] == [beacon["session"]]
    assert "button#buy" in timeline.stdout
    assert getattr(missing.exception, "slug", "") == "unknown-visit"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"\xff\x00 garbage", 400),
        (b"[" * 60_000, 400),
        (b'{"v":1}', 400),
        (b" " * 70_000, 413),
        ({"v": 9}, 400),
    ],
)
def test_a_body_that_is_no_beacon_is_refused(scene: Scene, said: object, status: int) -> None:
    """With a clear answer, whatever it holds."""
    assert scene.post(said).status_code == status


def test_only_pages_of_the_origins_of_the_key_may_send(scene: Scene) -> None:
    """The browser says which page sends; what the body claims has to agree."""
    server = add_project_key(scene.store, scene.workspace, 1).key.id

    assert scene.post(scene.beacon(), origin="https://evil.example").status_code == 403
    assert scene.post(scene.beacon(url="https://evil.example/")).status_code == 403
    assert scene.post(scene.beacon(), key=server).status_code == 403
    assert scene.post(scene.beacon(), key="0" * 32).status_code == 403


def test_a_project_whose_day_is_used_up_refuses_page_views(scene: Scene) -> None:
    """Twenty beacons an event of its limit; nobody else's are refused."""
    request = KeyRequest(origins=(scene.site.address,), per_address=0)
    small = add_project(scene.store, scene.workspace, "small", "production", per_day=1, key=request)

    def sent() -> httpx.Response:
        return scene.post(scene.beacon(), key=small.key.id, project=small.key.project)

    until(lambda: sent().status_code == 204)  # a new key is known within seconds
    answers = [sent() for _ in range(21)]

    assert [answer.status_code for answer in answers] == [204] * 19 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) <= 86_400
    assert scene.post(scene.beacon()).status_code == 204


def test_visits_tell_how_a_release_does_and_nobodys_visit_counts_as_a_user(scene: Scene) -> None:
    """By the release that a visit began with; a user who is named counts once, in release health and in an issue."""
    error = {"type": "CouponError", "message": "no", "source": "onerror"}
    said = [("1.0", "ada", 1), ("1.0", "ada", 0), ("1.0", "", 0), ("1.0", "", 1), ("", "", 1)]
    for number, (release, user, uncaught) in enumerate(said, 1):
        beacon = scene.beacon(
            session=f"{number:032x}", release=release, user=user, counts={"errors": 1, "uncaught": uncaught},
            errors=[{**error, "id": f"{number:032x}"}], environment="live",
        )  # fmt: skip
        assert scene.post(beacon).status_code == 204
    later = {"release": "2.0", "view": "b" * 16, "ms": 0, "session": f"{1:032x}", "errors": []}
    assert scene.post(beacon | later).status_code == 204

    def told() -> list[ReleaseVisits]:
        return scene.telemetry.release_visits(scene.wanted(), recent_us=now_us() - DAY_US)

    until(lambda: bool(told()) and told()[0].sessions == 4, told)
    (visits,) = told()
    assert (visits.release, visits.environment, visits.project) == ("1.0", "production", scene.issued.key.project)
    assert (visits.errored, visits.crashed, visits.users, visits.crashed_users, visits.recent) == (4, 2, 3, 2, 4)
    until(lambda: any(issue.events == 5 for issue in scene.issues()), scene.issues)
    assert [issue.users for issue in scene.issues() if issue.title == "CouponError"] == [4]


def test_figures_out_of_this_world_are_left_out(scene: Scene) -> None:
    """A clock of the year 2100, NaN, negative counts and texts for figures: the view is of now, without them."""
    beacon = scene.beacon(
        url=f"{scene.site.address}/odd", at=4_102_444_800_000, sent=-5, ms=-1e308, n="x",
        vitals={"lcp": -1, "cls": "1", "inp": 1e300, "fcp": None}, counts={"errors": -3, "rage": 1e40},
        events=[[1], "x", [1, "\ud800", {"a": 1}]], resources=[["img", "javascript:alert(1)", -1]], country="DE",
    )  # fmt: skip
    assert scene.post(beacon).status_code == 204

    until(lambda: any(view.page == "/odd" for view in scene.views()))
    (view,) = (view for view in scene.views() if view.page == "/odd")
    assert abs(view.start_us - now_us()) < DAY_US
    assert (view.lcp_ms, view.inp_ms, view.cls, view.errors, view.country) == (None, None, None, 0, "")
    assert "javascript:" not in view.resources


def test_a_view_names_no_query_no_address_and_no_user_as_a_page_claims_him(scene: Scene) -> None:
    """Whoever knows the digest of a user cannot pass for him, since what a page says is digested."""
    beacon = scene.beacon(
        url=f"{scene.site.address}/bare?token=s3cret&lang=de#x", user="customer-17",
        events=[[1, "call", "GET https://api.example/a?token=s3cret", 200, 5, ""]],
        **{"from": "https://ref.example/x?mail=ada@example.org"},
    )  # fmt: skip
    assert scene.post(beacon).status_code == 204
    until(lambda: any(view.page == "/bare" for view in scene.views()))
    (view,) = (view for view in scene.views() if view.page == "/bare")
    assert scene.post({**beacon, "session": "f" * 32, "user": view.user}).status_code == 204
    until(lambda: sum(view.page == "/bare" for view in scene.views()) > 1)
    forged = next(own for own in scene.views() if own.session == "f" * 32)

    assert (view.url, view.previous) == (f"{scene.site.address}/bare?lang=de", "https://ref.example/x")
    assert "s3cret" not in view.events
    assert view.network == "127.0.0.0/24"
    assert view.user not in {"", "customer-17", forged.user}


def _run() -> Any:
    return "019af000-0000-7000-8000-000000000001"
