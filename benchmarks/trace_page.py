"""How long a large trace takes to open: `python -m benchmarks.trace_page [SPANS] [OPENS]`, 5,000 and 20 if absent.

A trace of a request that fans out over twenty services, eight levels deep, lies in the real engine, and the real server
shows it to the real browser. Counted is from the address until the page was loaded and laid out. Wanted: a second.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

from outrider.dashboard import Sources, TelemetrySource
from outrider.journeys import find_browser
from outrider.journeys.browser import BrowserSettings
from outrider.model import ServiceView, Span
from outrider.server import Background, application, listen
from outrider.store import Store
from outrider.telemetry_store import EngineOptions, TelemetryStore

TRACE = "5eed" * 8
SERVICES = 20
CHILDREN = 4


def spans_of(count: int, seed: int = 1) -> list[Span]:
    """Return a trace: each span below an earlier one, inside its time."""
    chance = random.Random(seed)
    begin_ns = time.time_ns() - 60 * 10**9
    times: list[tuple[int, int]] = []
    spans = []
    for number in range(count):
        above = (number - 1) // CHILDREN
        start_ns, took_ns = times[above] if number else (begin_ns, 2 * 10**9)
        if number:
            start_ns += round(took_ns * chance.uniform(0, 0.5))
            took_ns = round(took_ns * chance.uniform(0.1, 0.5))
        times.append((start_ns, took_ns))
        parent = f"{above + 1:016x}" if number else ""
        service = f"service-{chance.randrange(SERVICES):02}"
        attributes = {"http.request.method": "GET", "url.path": f"/items/{number}", "http.response.status_code": "200"}
        spans.append(
            Span(
                start_ns, TRACE, f"{number + 1:016x}", parent, "", f"GET /items/{number}",
                "Server" if number % 2 == 0 else "Client", service, {"service.name": service}, "app", "1", attributes,
                took_ns,
            )
        )  # fmt: skip
    return spans


def main(count: int = 5000, opens: int = 20) -> None:
    """Open the page again and again, and print how long it took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            TelemetryStore.open_embedded(EngineOptions(folder / "engine", nice=0)) as telemetry,
            closing(Store.open(folder / "outrider.db", artifacts=folder / "artifacts")) as store,
        ):
            telemetry.insert_spans(spans_of(count), token="trace")
            view = ServiceView(True, True, (), {}, 0.0, 0, 0, 0)
            source = TelemetrySource(is_on=True, reader=lambda: telemetry, services=lambda: telemetry)
            sources = Sources(store, list, lambda: view, lambda: time.time_ns() // 1000, "benchmark", telemetry=source)
            listener = listen("127.0.0.1", 0)
            background = Background(application(store.heartbeats, None, sources.now_us, sources), listener)
            address = f"http://127.0.0.1:{listener.getsockname()[1]}/traces/{TRACE}"
            answer = httpx.get(address, timeout=60)
            assert "service-00" in answer.text, answer.text[:500]
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=find_browser(BrowserSettings()).executable)
                times = []
                for _ in range(opens):
                    page = browser.new_page()
                    began = time.perf_counter()
                    page.goto(address)
                    page.evaluate("document.body.offsetHeight")
                    times.append(time.perf_counter() - began)
                    page.close()
                browser.close()
            background.close()
    p95 = statistics.quantiles(times, n=20)[-1]
    print(
        f"{count:,} spans, {len(answer.content) / 1e6:.1f} MB of HTML: median {statistics.median(times):.2f} s,", end=""
    )
    print(f" p95 {p95:.2f} s of {opens} opens  (at most 1 s); load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
