"""What recording replays costs: `python -m benchmarks.replay [--seconds N] [--turns N]`.

A busy page, of which ten places change four times a second, and a user who moves, scrolls and types all the time, in a
real browser; with the recorder, and without it, in turns. Printed are the bytes that are sent (wanted: 200 kB a minute
after the first picture of the page), the time of the main thread that recording adds, and the longest task.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
from typing import TYPE_CHECKING, Final, NamedTuple

from playwright.sync_api import sync_playwright

from outrider.journeys import BrowserSettings, find_browser
from outrider.server import rum_snippet

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

SITE: Final = "https://shop.example"
AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
USER: Final = "Object.defineProperty(Navigator.prototype, 'webdriver', {get: () => false})"
_ROWS: Final = "".join(
    f'<li class="card"><h3>Boots number {number}</h3><p class="price">{number} euros</p><p>Waxed leather.</p></li>'
    for number in range(400)
)
_STYLES: Final = "".join(f".card:nth-child({number}) {{margin: {number % 7}px; color: #222}}" for number in range(600))
_SCRIPT: Final = """
const prices = [...document.querySelectorAll(".price")];
setInterval(() => {
  for (let i = 0; i < 10; i += 1) prices[Math.floor(Math.random() * 400)].textContent = Math.random() + " euros";
}, 250);
window.longest = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
}).observe({ type: "longtask" });
"""


class Recorded(NamedTuple):
    """What a visit came to."""

    task_ms: float
    longest_ms: float
    first_bytes: int
    later_bytes: int


def visit(browser: Browser, more: str, seconds: int) -> Recorded:
    """Return what a visit came to of a page whose tag has more to say."""
    sizes: list[int] = []
    context = browser.new_context(user_agent=AGENT)
    context.add_init_script(USER)
    tag = f'<script src="{SITE}/rum.js" data-dsn="https://{"0" * 32}@shop.example/1" {more} defer></script>'
    page_of_shop = (
        f"<!doctype html><title>Shop</title><style>{_STYLES}</style>{tag}<h1>Boots</h1><input id=q>"
        f"<ul>{_ROWS}</ul><script>{_SCRIPT}</script>"
    )

    def answer(route: Route) -> None:
        url, headers = route.request.url, {"Access-Control-Allow-Origin": "*"}
        name = next((name for name in ("rum-replay", "rum") if f"/{name}" in url and url.endswith(".js")), "")
        snippet = rum_snippet(name) if name else None
        if snippet is not None:
            route.fulfill(body=snippet.content, content_type="text/javascript", headers=headers)
        elif "/api/" in url:
            if "/replay/" in url:
                sizes.append(len(route.request.post_data_buffer or b""))
            route.fulfill(status=204, headers=headers)
        else:
            route.fulfill(body=page_of_shop, content_type="text/html")

    context.route("**/*", answer)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Performance.enable")
    page.goto(f"{SITE}/")
    act(page, seconds)
    page.wait_for_timeout(1_000)
    metrics = {entry["name"]: entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}
    longest = float(page.evaluate("longest"))
    context.close()
    return Recorded(1_000 * metrics["TaskDuration"], longest, sum(sizes[:1]), sum(sizes[1:]))


def act(page: Page, seconds: int) -> None:
    """Move, scroll and type for so many seconds."""
    for second in range(seconds):
        for step in range(8):
            page.mouse.move(100 + 40 * step, 150 + 10 * (second % 30))
            page.wait_for_timeout(80)
        page.mouse.wheel(0, 120 if second % 20 < 10 else -120)
        if second % 3 == 0:
            page.locator("#q").press_sequentially("b")
        page.wait_for_timeout(250)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    recorder = rum_snippet("rum-replay")
    assert recorder is not None
    print(f"rum-replay.js: {len(gzip.compress(recorder.content, 9, mtime=0)):,} bytes by gzip")
    visits: dict[str, list[Recorded]] = {"": [], 'data-replay="1"': []}
    executable = find_browser(BrowserSettings()).executable
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=executable) as browser:
        for _ in range(options.turns):
            for more, recorded in visits.items():
                recorded.append(visit(browser, more, options.seconds))
    without, with_it = (
        Recorded(*(statistics.median(column) for column in zip(*recorded, strict=True))) for recorded in visits.values()
    )
    minute = 60 / options.seconds
    print(
        f"medians of {options.turns} visits of {options.seconds} s: first picture {with_it.first_bytes / 1000:.1f} kB,"
        f" then {with_it.later_bytes / 1000 * minute:.1f} kB a minute (wanted: 200)"
    )
    print(
        f"main thread: {with_it.task_ms * minute:.0f} ms a minute, {without.task_ms * minute:.0f} without;"
        f" longest task {with_it.longest_ms:.0f} ms, {without.longest_ms:.0f} without"
    )


if __name__ == "__main__":
    main()
