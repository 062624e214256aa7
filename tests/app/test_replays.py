"""A real visit of the demo shop is recorded, masked and kept; broken and harmful replays change nothing."""

from __future__ import annotations

import gzip
import json
import random
import socket
import tracemalloc
import uuid
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest
from demo.shop_process import opened
from playwright.sync_api import expect
from tests.app.served_pages import served_pages
from tests.builders import new_store
from tests.waiting import until

from outrider.app.access.workspace_access import now_us
from outrider.app.errors.error_projects import KeyRequest, add_project
from outrider.app.errors.error_service import ErrorService
from outrider.model import ReplaySegment
from outrider.workspace import ErrorSettings, load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Dialog, Page, Route

    from outrider.store import Store
from outrider.workspace import Workspace

USER = "Object.defineProperty(Navigator.prototype, 'webdriver', {get: () => false})"
SHOP = "http://shop.test"
FULL, INCREMENT, META, CUSTOM = 2, 3, 4, 5
PAGE: dict[str, Any] = {
    "type": META,
    "timestamp": 1_000,
    "data": {"href": f"{SHOP}/cart?token=geheim", "width": 800, "height": 600},
}


def document(*body: dict[str, Any]) -> dict[str, Any]:
    """Return a page as a whole."""
    html = {"type": 2, "id": 2, "tagName": "html", "attributes": {}, "childNodes": list(body)}
    return {"type": FULL, "timestamp": 1_001, "data": {"node": {"type": 0, "id": 1, "childNodes": [html]}}}


def element(name: str, number: int = 9, *below: object, **attributes: object) -> dict[str, Any]:
    return {"type": 2, "id": number, "tagName": name, "attributes": attributes, "childNodes": list(below)}


@dataclass
class Scene:
    """A service that takes replays."""

    workspace: Workspace
    store: Store
    service: ErrorService
    key: str

    def post(self, said: object, declines: str = "", **more: str) -> tuple[int, str]:
        """Send a part; return the status of the answer and the session."""
        content = said if isinstance(said, bytes) else json.dumps(said).encode()
        place = {"session": uuid.uuid4().hex, "recording": "ab" * 8, "n": "0", "sent": "2000"} | more
        answer = httpx.post(
            f"{self.service.address}/api/1/replay/", params={"sentry_key": self.key, **place}, content=content,
            headers={"Origin": SHOP, declines or "Accept": "1"},
        )  # fmt: skip
        return answer.status_code, place["session"]

    def content(self, segment: ReplaySegment) -> str:
        """Return what is kept of a part, as text."""
        with self.store.artifacts.open(segment.digest) as file:
            return gzip.decompress(file.read()).decode()

    def kept(self, session: str) -> list[dict[str, Any]]:
        """Return the events of a session."""
        parts = self.store.replays.of_session(session)
        return [event for part in parts for event in json.loads(self.content(part))]


class Visit(NamedTuple):
    """A visit of the shop: its session, the shop's address, and the colour of a button."""

    session: str
    shop: str
    colour: str


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    root = tmp_path_factory.mktemp("shop")
    (root / "outrider.toml").write_text("[errors]\n", "utf-8")
    workspace = replace(load(root), errors=ErrorSettings(port=0, least_free_bytes=1, replay_bytes_per_day=1_500_000))
    workspace.state.mkdir()
    with new_store(workspace.state / "outrider.db", artifacts=workspace.state / "artifacts") as store:
        key = KeyRequest(origins=("*",), per_address=0)
        issued = add_project(store, workspace, "shop", "production", per_day=1_000, key=key)
        with ErrorService(workspace, store) as service:
            yield Scene(workspace, store, service, issued.key.id)


@pytest.fixture(scope="module")
def visit(scene: Scene, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """A visit of the demo shop, on two pages."""
    dsn = scene.service.address.replace("http://", f"http://{scene.key}@") + "/1"
    with opened(tmp_path_factory.mktemp("data"), real_users=dsn) as shop:
        context = chromium.new_context()
        context.add_init_script(USER)
        page = context.new_page()
        page.goto(f"{shop['SHOP_URL']}/?token=geheim")
        assert page.evaluate("sessionStorage.getItem('outrider-replay')") is None
        page.evaluate("document.querySelector('h1').dataset.outriderUnmask = ''")
        with page.expect_response(lambda response: "/replay/" in response.url) as first:
            page.evaluate("setTimeout(() => { throw new TypeError('no price') })")
        assert first.value.status == 204
        colour = page.locator("header button").evaluate("button => getComputedStyle(button).backgroundColor")
        page.evaluate("console.warn('no price for', 17, {name: 'secret'}, 'ada.lovelace@example.org')")
        page.locator("#q").press_sequentially("my secret lantern")
        page.goto(f"{shop['SHOP_URL']}/sign-in")
        page.wait_for_function("performance.getEntriesByType('resource').some(e => e.name.includes('rum-replay'))")
        page.locator("[name=email]").fill("ada.lovelace@example.org")
        page.locator("[name=password]").fill("Analytical-Engine-1843")
        page.wait_for_timeout(500)
        session: str = json.loads(page.evaluate("sessionStorage.getItem('outrider-session')"))["id"]
        page.close(run_before_unload=True)
        until(lambda: len({part.recording for part in scene.store.replays.of_session(session)}) == 2)
        context.close()
        return Visit(session, shop["SHOP_URL"], colour)


@pytest.fixture(scope="module")
def pages(scene: Scene) -> Iterator[str]:
    """The address of pages, with an origin of artifacts."""
    with served_pages(scene.store) as address:
        yield address


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    yield context.new_page()
    context.close()


@pytest.mark.browser
def test_a_visit_of_the_shop_is_recorded_from_its_error_on_without_what_was_typed(scene: Scene, visit: Visit) -> None:
    """Over two pages: texts, inputs and pictures masked, with their styles; what a rule shows is shown."""
    parts = scene.store.replays.of_session(visit.session)
    said = "".join(map(scene.content, parts))

    assert [part.page for part in parts if part.has_snapshot] == [f"{visit.shop}/", f"{visit.shop}/sign-in"]
    assert "*****" in said
    assert '"source":5,"text":"**' in said
    assert "Know the road before they take it" in said
    hidden = ("secret", "lovelace", "ada.", "Engine", "1843", "geheim", "Catalogue", "Lantern", "Milepost", "landscape")
    for word in hidden:
        assert word not in said, word
    assert "@media" in said
    assert "<script" not in said
    assert sum(part.content_bytes for part in parts) < 60_000


@pytest.mark.browser
def test_the_visit_is_played(pages: str, visit: Visit, page: Page) -> None:
    """With its styles, from the page of the error to the next, and back."""
    page.goto(f"{pages}/replays/{visit.session}")
    player = page.frame_locator("iframe[data-files]")
    shown = player.frame_locator("iframe")
    expect(shown.get_by_text("Know the road before they take it")).to_be_visible()
    colour = shown.locator("header button").evaluate("button => getComputedStyle(button).backgroundColor")

    player.get_by_label("Speed").select_option("8")
    player.get_by_role("button", name="Play").click()
    expect(shown.locator("[name=password]")).to_have_value("*" * 22)
    expect(player.get_by_role("button", name="Play")).to_be_visible()
    player.get_by_label("Moment").fill("0")
    expect(shown.get_by_text("Know the road before they take it")).to_be_visible()

    line = page.get_by_role("row").filter(has_text="no price for 17 {…}")
    expect(line).to_contain_text("warn")
    line.get_by_role("button").click()
    expect(line).to_have_attribute("aria-current", "")

    assert colour == visit.colour
    assert shown.locator("#q").get_attribute("placeholder") == "******** ****** ****"


@pytest.mark.browser
def test_a_replay_runs_nothing_and_fetches_nothing_whatever_it_holds(
    scene: Scene, pages: str, page: Page, tmp_path: Path
) -> None:
    """Even if it were kept as a thief sent it. The minute in which the user does nothing is skipped."""
    thief = "http://thief.test"
    run = f"fetch('{thief}/ran'); top.postMessage('ran', '*'); alert(1)"
    hostile = [
        element("script", 10, {"type": 3, "id": 11, "textContent": run}), element("script", 12, src=f"{thief}/x.js"),
        element("iframe", 13, srcdoc=f"<script>{run}</script>", src=f"javascript:{run}"),
        element("img", 14, src=f"{thief}/x.png", onerror=run), element("svg", 15, onload=run),
        element("link", 16, rel="stylesheet", href=f"{thief}/x.css"), element("base", 17, href=thief),
        element("style", 18, {"type": 3, "id": 19, "textContent": f"@import '{thief}/y.css'; p {{color: red}}"}),
        element("meta", 22, **{"http-equiv": "refresh", "content": f"0;url={thief}/refresh"}),
        element("object", 23, data=f"{thief}/x.swf"), element("video", 24, src=f"{thief}/x.mp4", autoplay="true"),
        element("p", 20, {"type": 3, "id": 21, "textContent": "The page of a thief"}),
    ]  # fmt: skip
    move = {"source": 1, "positions": [{"x": 9, "y": 9, "id": 20, "timeOffset": 0}]}
    events = [
        PAGE | {"timestamp": 1_000}, document(*hostile), {"type": INCREMENT, "timestamp": 1_500, "data": move},
        {"type": INCREMENT, "timestamp": 1_600, "data": {"source": 0, "adds": [
            {"parentId": 2, "nextId": None, "node": element("script", 30, {"type": 3, "id": 31, "textContent": run})},
        ], "attributes": [{"id": 20, "attributes": {"onclick": run}}], "texts": [], "removes": []}},
        {"type": INCREMENT, "timestamp": 61_000, "data": {"source": 2, "type": 2, "id": 20, "x": 9, "y": 9}},
    ]  # fmt: skip
    packed = tmp_path / "part"
    packed.write_bytes(gzip.compress(json.dumps(events).encode(), mtime=0))
    session = uuid.uuid4().hex
    part = ReplaySegment(session, "b" * 16, 0, 1, now_us(), now_us() + 60_000_000, has_snapshot=True, events=5)
    scene.store.replays.add(part, packed)
    asked: list[str] = []

    def note_request(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    def note_dialog(dialog: Dialog) -> None:
        asked.append("dialog")
        dialog.dismiss()

    page.context.route(f"{thief}/**", note_request)
    page.on("dialog", note_dialog)
    page.add_init_script("window.heard = []; addEventListener('message', event => heard.push(event.data))")

    page.goto(f"{pages}/replays/{session}")
    player = page.frame_locator("iframe[data-files]")
    expect(player.frame_locator("iframe").get_by_text("The page of a thief")).to_be_visible()
    player.get_by_role("button", name="Play").click()
    expect(player.locator("#state")).to_have_text("0:59 without the user skipped")
    expect(player.locator("#clock")).to_have_text("1:00 / 1:00")
    player.frame_locator("iframe").get_by_text("The page of a thief").click(force=True)

    assert asked == []
    assert "ran" not in page.evaluate("heard")
    assert page.evaluate("heard.at(-1).replay") == "at"
    assert page.locator("iframe[data-files]").get_attribute("sandbox") == "allow-scripts allow-same-origin"
    entry = next(iter(scene.store.audit.search()))
    assert (entry.action, entry.subject, entry.actor) == ("replay.watch", session, "local")


@pytest.mark.browser
def test_a_replay_without_its_first_part_says_so(scene: Scene, pages: str, page: Page) -> None:
    """Instead of a blank player."""
    move = {"type": INCREMENT, "timestamp": 5_000, "data": {"source": 1, "positions": []}}
    _, session = scene.post([move], n="3")

    page.goto(f"{pages}/replays/{session}")
    expect(page.get_by_text("never arrived")).to_be_visible()
    scene.post([PAGE, document(), move | {"timestamp": 1_900}], n="5", session=session)
    scene.post([move], n="7", session=session)
    page.reload()
    expect(page.get_by_text("2 parts cannot be shown")).to_be_visible()
    expect(page.frame_locator("iframe[data-files]").get_by_role("button", name="Play")).to_be_enabled()


def test_nothing_that_is_kept_could_run(scene: Scene) -> None:
    """Scripts, handlers and frames are taken out of pages and of their changes; data are scrubbed."""
    harmful = [
        element("SCRIPT", 3, {"type": 3, "id": 4, "textContent": "steal()"}, src="https://evil.example/x.js"),
        element("iframe", 5, srcdoc="<script>steal()</script>"), element("svg:script", 6, href="data:text/x,steal()"),
        element("a", 7, href=" JaVaScRiPt:steal()", onclick="steal()", target="_top"),
        element("img", 8, src="data:image/svg+xml,<svg onload=steal()>", onerror="steal()"), element("a><script>", 9),
        element("p", 10, {"type": 3, "id": 11, "textContent": "4242 4242 4242 4242"}, title="ada@example.org"),
        element("object", 12, data="https://evil.example/x.swf"), element("base", 13, href="https://evil.example/"),
    ]  # fmt: skip
    change = {"source": 0, "adds": [{"parentId": 2, "nextId": None, "node": node} for node in harmful],
              "attributes": [{"id": 7, "attributes": {"onclick": "steal()", "href": "javascript:steal()"}}],
              "texts": [{"id": 11, "value": "ada@example.org"}], "removes": []}  # fmt: skip
    events = [
        PAGE, document(*harmful), {"type": INCREMENT, "timestamp": 1_500, "data": change},
        {"type": INCREMENT, "timestamp": 1_600, "data": {"source": 9, "id": 1, "commands": [{"property": "steal()"}]}},
        {"type": CUSTOM, "timestamp": 1_700, "data": {"tag": "steal()", "payload": {}}},
        {"type": CUSTOM, "timestamp": 1_700, "data": {"tag": "console", "payload": {"level": "", "text": ["steal"]}}},
        {"type": CUSTOM, "timestamp": 1_700, "data": {"tag": "breadcrumb", "payload": {"category": "steal()"}}},
        {"type": 6, "timestamp": 1_800, "data": {"plugin": "steal()"}},
    ]  # fmt: skip
    status, session = scene.post(events)

    (part,) = scene.store.replays.of_session(session)
    said = scene.content(part)
    assert status == 204
    assert (part.has_snapshot, part.events, part.page) == (True, 3, f"{SHOP}/cart")
    assert part.end_us - part.start_us == 500_000
    for word in ("steal", "evil", "geheim", "script>", "ada@", "4242"):
        assert word not in said, word
    assert '"id":7' in said


def _bomb() -> bytes:
    machine = zlib.compressobj(9, zlib.DEFLATED, 31)
    return machine.compress(b"[") + b"".join(machine.compress(b" " * 2**20) for _ in range(200)) + machine.flush()


@pytest.mark.parametrize(
    ("said", "place", "status"),
    [
        (b"\xff\x00 garbage", {}, 400),
        (b"[" * 60_000, {}, 400),
        (b"[]", {}, 400),
        ([1, None, {"type": 2}, {"type": 9, "timestamp": 1, "data": {}}], {}, 400),
        ([{"type": [], "timestamp": 1, "data": {}}, {"type": 3, "timestamp": 2, "data": {"source": {}}}], {}, 400),
        ([{"type": 3, "timestamp": 1e999, "data": {"source": 1}}], {}, 400),
        ([{"type": 3, "timestamp": 10**400, "data": {"source": 1}}], {}, 400),
        (_bomb, {}, 413),
        (b" " * 2_000_000, {}, 413),
        (gzip.compress(b"[1, 2", mtime=0)[:-4], {}, 400),
        ([PAGE, document()], {"session": "../../etc/passwd"}, 400),
        ([PAGE, document()], {"recording": "x"}, 400),
        ([PAGE, document()], {"n": "-1"}, 400),
        ([PAGE, document()], {"n": "9" * 400}, 400),
        ([PAGE | {"data": PAGE["data"] | {"href": "https://other.example/"}}, document()], {}, 403),
    ],
)
def test_what_is_no_part_of_a_replay_is_refused(scene: Scene, said: object, place: dict[str, str], status: int) -> None:
    """With a clear answer, whatever it holds: garbage, 200 MB, another page's."""
    answer, session = scene.post(said() if callable(said) else said, **place)

    assert answer == status
    assert scene.store.replays.of_session(session) == ()


def test_two_hundred_megabytes_are_refused_unheld(scene: Scene) -> None:
    """At once where their length is declared; where they come in pieces, no more than a part is held."""
    path = f"/api/1/replay/?sentry_key={scene.key}&session={'e' * 32}&recording={'ab' * 8}&n=0"
    address, piece = urlsplit(scene.service.address), b"[" * 2**20
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=30) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nOrigin: {SHOP}\r\nContent-Length: 200000000\r\n\r\n"
        connection.sendall(head.encode())
        declared = connection.recv(4_096)
    tracemalloc.start()
    streamed = httpx.post(scene.service.address + path, content=(piece for _ in range(200)), headers={"Origin": SHOP})
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert declared.startswith(b"HTTP/1.1 413")
    assert streamed.status_code == 413
    assert most < 20 * 2**20
    assert scene.store.replays.of_session("e" * 32) == ()


def test_a_part_is_kept_once_and_one_without_the_whole_page_is_known(scene: Scene) -> None:
    """A part that is sent again changes nothing; who declines is not kept; a part without a snapshot says so."""
    move = {"type": INCREMENT, "timestamp": 5_000, "data": {"source": 1, "positions": []}}
    _, session = scene.post([move], n="3")
    scene.post([move | {"timestamp": 6_000}], n="3", session=session)
    declined = [scene.post([PAGE, document()], name) for name in ("Sec-GPC", "DNT")]

    (part,) = scene.store.replays.of_session(session)
    assert (part.number, part.has_snapshot) == (3, False)
    assert [status for status, _ in declined] == [204, 204]
    assert not scene.store.replays.among([session for _, session in declined])


def test_limits_of_session_day_and_switch_hold(scene: Scene, tmp_path: Path) -> None:
    """Beyond them parts are refused, and what was kept before stays."""
    full, large = uuid.uuid4().hex, tmp_path / "large"
    large.write_bytes(bytes(10 << 20))
    scene.store.replays.add(ReplaySegment(full, "b" * 16, 0, 1, now_us(), now_us(), has_snapshot=True, events=1), large)
    beyond_session = scene.post([PAGE, document()], session=full, n="1")[0]
    scene.service.use(replace(scene.workspace, capabilities=replace(scene.workspace.capabilities, replays=False)))
    switched_off = scene.post([PAGE, document()])[0]
    scene.service.use(scene.workspace)
    style = {"type": 3, "id": 4, "textContent": random.Random(1).randbytes(800_000).hex()}
    body = gzip.compress(json.dumps([PAGE, document(element("style", 3, style))]).encode(), mtime=0)
    of_day = [scene.post(body)[0] for _ in range(3)]

    assert (beyond_session, switched_off) == (413, 403)
    assert of_day == [204, 429, 429]
    assert scene.post([PAGE, document()])[0] == 204
    assert len(scene.store.replays.of_session(full)) == 1


def test_a_client_of_sentry_sends_its_replay_in_an_envelope(scene: Scene) -> None:
    """Its event names the session; the recording is a line and compressed events. A broken one refuses no error."""
    replay = uuid.uuid4().hex

    def envelope(recording: bytes, **more: object) -> bytes:
        ids = ["7" * 32, 5, "../..", "8" * 31]
        event = json.dumps(
            {"replay_id": replay, "segment_id": 0, "error_ids": ids, "urls": [f"{SHOP}/?a=geheim"], **more}
        ).encode()
        items = (("replay_event", event), ("replay_recording", b'{"segment_id":0}\n' + recording))
        return b'{"event_id":"' + replay.encode() + b'"}\n' + b"".join(
            json.dumps({"type": kind, "length": len(payload)}).encode() + b"\n" + payload + b"\n"
            for kind, payload in items
        )  # fmt: skip

    def send(body: bytes) -> int:
        address = f"{scene.service.address}/api/1/envelope/?sentry_key={scene.key}"
        return httpx.post(address, content=body, headers={"Origin": SHOP}).status_code

    packed = zlib.compress(json.dumps([PAGE, document(element("script", 3))]).encode())
    answers = [send(envelope(body)) for body in (b"garbage", b"", packed)]
    answers.append(send(envelope(packed, segment_id=True, replay_id=7)))

    (part,) = scene.store.replays.of_session(replay)
    assert answers == [200] * 4
    assert (part.page, part.has_snapshot, part.project) == (f"{SHOP}/cart", True, 1)
    assert part.error_ids == ("7" * 32,)
    assert "script" not in scene.content(part).replace("noscript", "")
