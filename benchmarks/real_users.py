"""What telling of real users costs: `python -m benchmarks.real_users [--beacons N] [--sessions N] [--loads N]`.

Size of the script, compressed by gzip. Beacons per second of the processor: read, scrubbed and spooled by one thread,
and through HTTP (server and client in one process, so that it is a floor); wanted: 8,000. Bytes on disk of a session of
ten pages, in the real engine; wanted: 5 kB. And a page with and without the script, in turns in a real browser: time
of its scripts until two seconds after it was loaded, and its LCP; wanted: at most 10 ms more.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import statistics
import tempfile
import time
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.beacon_fuzz import BEACON
from playwright.sync_api import sync_playwright

from outrider.errors import EventScrubber
from outrider.journeys import BrowserSettings, find_browser
from outrider.model import ErrorProject, KeyPurpose, ProjectKey
from outrider.real_users import ReceivedBeacon, read_beacon
from outrider.server import Background, beacon_routes, error_application, listen, rum_snippet
from outrider.telemetry import BeaconHead, BeaconIntake, ErrorIntake, ErrorRequestHead, Scrubber, Spool, Tally
from outrider.telemetry_store import EngineOptions, TelemetryStore

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

SITE: Final = "https://shop.example"
AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
PAGES: Final = 10
RESOURCES: Final = (
    ("script", "app.js"), ("link", "app.css"), ("img", "hero.webp"), ("img", "thumbnail/*"), ("fetch", "api/cart"),
    ("fetch", "api/products/*"), ("script", "vendor.js"), ("font", "text.woff2"),
)  # fmt: skip
_KEY: Final = ProjectKey("0" * 32, 1, KeyPurpose.BROWSER, 0, "", (SITE,), per_minute=10**9)
PATH: Final = f"/api/1/rum/?sentry_key={_KEY.id}"
_CLICKS: Final = 10
_WATCH_CLICKS: Final = """() => {
  window.clicks = [];
  const took = (event) => requestAnimationFrame(() => {
    const done = new MessageChannel();
    done.port1.onmessage = () => window.clicks.push(performance.now() - event.timeStamp);
    done.port2.postMessage("");
  });
  document.querySelector("h1").addEventListener("click", took);
}"""
"""Takes the time from an input until the frame after it is painted, finer than the 8 ms of Event Timing."""
_PARAGRAPHS: Final = "".join(f"<p>Waxed leather number {number}, made to be ridden in.</p>" for number in range(300))


class OneKey:
    """The only key."""

    def find(self, key: str) -> tuple[ErrorProject, ProjectKey] | None:
        """Return it."""
        return (ErrorProject(1, "shop", "production", 0, 10**9), _KEY) if key == _KEY.id else None

    def remembers(self, key: str) -> bool:
        """Return whether it is the one."""
        return key == _KEY.id


def beacon(number: int, rng: random.Random) -> dict[str, Any]:
    """Return the beacon of a page of a session, without errors."""
    resources = [
        [kind, f"{SITE}/assets/{name}", 1, rng.randrange(20, 400), rng.randrange(20, 400), rng.randrange(90_000), 0]
        for kind, name in RESOURCES
    ]
    events: list[list[object]] = [
        [rng.randrange(9_000), "click", rng.choice(["button#buy", "a.card", "a.next", "button.add"])] for _ in range(5)
    ]
    events += [
        [rng.randrange(9_000), "call", "GET /api/products/*", 200, rng.randrange(400), f"{rng.getrandbits(128):032x}"]
        for _ in range(4)
    ]
    vitals = {
        "lcp": rng.lognormvariate(7.3, 0.5), "inp": rng.lognormvariate(4.5, 0.6), "cls": round(rng.random() / 5, 3),
        "fcp": rng.lognormvariate(6.8, 0.4), "ttfb": rng.lognormvariate(5, 0.4),
    }  # fmt: skip
    return BEACON | {
        "session": f"019af{number // PAGES:027x}", "view": f"{rng.getrandbits(64):016x}", "errors": [],
        "url": f"{SITE}/{rng.choice(['', 'cart', 'products', f'product/{rng.randrange(10**6)}'])}", "events": events,
        "resources": resources, "user": "", "trace": f"{rng.getrandbits(128):032x}", "vitals": vitals,
    }  # fmt: skip


def take_beacons(count: int) -> None:
    """Print how many are taken per second."""
    rng = random.Random(1)
    bodies = [json.dumps(beacon(number, rng)).encode() for number in range(min(count, 5_000))]
    with tempfile.TemporaryDirectory() as folder:
        scrubber, tally, keys = Scrubber(), Tally(), OneKey()
        events = EventScrubber(scrubber.text, scrubber.hides)
        errors = ErrorIntake(Spool(Path(folder, "errors"), 10**10), keys, events, tally)
        spool = Spool(Path(folder, "views"), 10**10)
        intake = BeaconIntake(spool, keys, errors, scrubber.text, tally, key=b"k" * 32)
        head = BeaconHead(ErrorRequestHead(1, _KEY.id, SITE, "203.0.113.9"), AGENT)
        began_s = time.thread_time()
        for number in range(count):
            intake.take(head, bodies[number % len(bodies)])
        alone = count / (time.thread_time() - began_s)
        listener = listen("127.0.0.1", 0)
        server = Background(error_application(errors, beside=beacon_routes(intake)), listener)
        client = HTTPConnection("127.0.0.1", listener.getsockname()[1])
        began_s = time.process_time()
        for number in range(count // 2):
            client.request("POST", PATH, bodies[number % len(bodies)], {"Origin": SITE, "User-Agent": AGENT})
            answer = client.getresponse()
            assert not answer.read()
            assert answer.status == HTTPStatus.NO_CONTENT
        served = count // 2 / (time.process_time() - began_s)
        client.close()
        server.close()
        spool.close()
    size = statistics.mean(map(len, bodies))
    print(
        f"beacons of {size:,.0f} bytes per second of a processor: {alone:,.0f}; by HTTP, with its client, {served:,.0f}"
    )


def store_sessions(count: int) -> None:
    """Print how many bytes a session of ten pages takes."""
    rng, scrubber, now_us = random.Random(2), Scrubber(), time.time_ns() // 1000
    with tempfile.TemporaryDirectory() as folder, TelemetryStore.open_embedded(EngineOptions(Path(folder))) as store:
        before = store.bytes_on_disk()
        views = []
        for number in range(count * PAGES):
            received = ReceivedBeacon(1, "shop", "production", now_us, f"203.0.{number % 250}.9", AGENT, b"k" * 32)
            views.append(read_beacon(json.dumps(beacon(number, rng)).encode(), received, scrubber.text).view)
        for number in range(0, len(views), 10_000):
            store.insert_page_views(views[number : number + 10_000], token=f"{number}")
        size = (store.bytes_on_disk() - before) / count
    print(f"a session of ten pages on disk, of {count:,}: {size / 1000:,.2f} kB (wanted: 5)")


def load_page(browser: Browser, tag: str) -> tuple[float, float, float]:
    """Return the ms of scripts, the LCP, and the median of clicks until the next frame, of a page with a tag."""
    context = browser.new_context(user_agent=AGENT)
    html = f"<!doctype html><title>Shop</title>{tag}<h1>Boots</h1>{_PARAGRAPHS}"

    def answer(route: Route) -> None:
        snippet = rum_snippet()
        if snippet is not None and "/rum.js" in route.request.url:
            route.fulfill(body=snippet.content, content_type="text/javascript")
        else:
            route.fulfill(body=html, content_type="text/html")

    context.route("**/*", answer)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Performance.enable")
    page.goto(f"{SITE}/")
    page.wait_for_timeout(2_000)
    metrics = {entry["name"]: entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}
    lcp = page.evaluate(
        "new Promise(done => new PerformanceObserver(list => done(list.getEntries().at(-1).startTime))"
        ".observe({type: 'largest-contentful-paint', buffered: true}))"
    )
    page.evaluate(_WATCH_CLICKS)
    for _ in range(_CLICKS):
        page.click("h1")
        page.wait_for_timeout(100)
    clicks = page.evaluate("window.clicks")
    context.close()
    return 1000 * metrics["ScriptDuration"], float(lcp), statistics.median(clicks)


def compare_pages(loads: int) -> None:
    """Print what the script adds to a page, loaded with and without it in turns."""
    tag = f'<script src="{SITE}/rum.js" data-dsn="https://{_KEY.id}@shop.example/1" defer></script>'
    figures: dict[str, list[tuple[float, ...]]] = {"": [], tag: []}
    executable = find_browser(BrowserSettings()).executable
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=executable) as browser:
        for _ in range(loads):
            for own, loaded in figures.items():
                loaded.append(load_page(browser, own))
    without, with_it = (
        [statistics.median(column) for column in zip(*loaded, strict=True)] for loaded in figures.values()
    )
    print(
        f"medians of {loads} loads with and without it: scripts {with_it[0]:.1f} and {without[0]:.1f} ms"
        f" (wanted: 10 more at most), LCP {with_it[1]:.0f} and {without[1]:.0f} ms,"
        f" a click until the next frame {with_it[2]:.1f} and {without[2]:.1f} ms"
    )


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beacons", type=int, default=20_000)
    parser.add_argument("--sessions", type=int, default=2_000)
    parser.add_argument("--loads", type=int, default=15)
    options = parser.parse_args()
    snippet = rum_snippet()
    assert snippet is not None
    print(f"rum.js: {len(gzip.compress(snippet.content, 9, mtime=0)):,} bytes by gzip (wanted: 9,000)")
    take_beacons(options.beacons)
    store_sessions(options.sessions)
    compare_pages(options.loads)


if __name__ == "__main__":
    main()
