"""How true the durations of steps are: `python -m benchmarks.step_times [ROUNDS]`.

A server sleeps a known time before it answers. Each time is asked for by a step of its own, once as a page and once by
the page's own `fetch`. What loading costs beyond the sleep, read off pages that do not sleep, is no error of ours.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from outrider.app import browser_settings, open_runtime
from outrider.journeys import find_browser
from outrider.model import Kind, Outcome
from outrider.runs import Runner
from outrider.store import Store
from outrider.workspace import load

SLEEPS_MS = (0, 20, 50, 100, 250, 500, 1000)
JOURNEY = f"""
import os

def test_sleeps(page, step):
    page.goto(os.environ["SITE"] + "/0")
    page.evaluate("fetch('/0').then((answer) => answer.text())")
    for sleep in {SLEEPS_MS}:
        with step(f"page {{sleep}}"):
            page.goto(os.environ["SITE"] + f"/{{sleep}}")
    for sleep in {SLEEPS_MS}:
        with step(f"fetch {{sleep}}"):
            page.evaluate(f"fetch('/{{sleep}}').then((answer) => answer.text())")
"""


class Sleeper(BaseHTTPRequestHandler):
    """Sleeps for as many milliseconds as the path says."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        time.sleep(float(self.path.strip("/") or 0) / 1000 if self.path != "/favicon.ico" else 0)
        body = b"<h1>Awake</h1>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main(rounds: int) -> None:
    """Run, and print each sleep's error."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sleeper)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ["SITE"] = f"http://127.0.0.1:{server.server_port}"
    seen: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "journeys").mkdir()
        (root / "outrider.toml").touch()
        (root / "journeys" / "test_sleeps.py").write_text(JOURNEY)
        workspace = load(root)
        with (
            Store.open(workspace.store_url, artifacts=workspace.artifacts_url) as store,
            open_runtime(workspace, browser=find_browser(browser_settings(workspace))) as ready,
        ):
            check = ready.discover().checks[0]
            runner = Runner({Kind.JOURNEY: ready.measure}, store.runs, ready.scratch, ready.circumstances)
            for _ in range(rounds):
                run = runner.run(check)
                assert run.outcome == Outcome.PASSED, run.reason
                for step in run.attempts[0].measurement.steps:
                    if step.parent is None and step.duration_ms is not None:
                        seen[step.title].append(step.duration_ms)
    server.shutdown()
    print("sleep     page: median, error of it    fetch: median, error of it   (error at most 10 ms or 2 %)")
    for sleep in SLEEPS_MS:
        cells = []
        for kind in ("page", "fetch"):
            took = statistics.median(seen[f"{kind} {sleep}"])
            error = took - sleep - statistics.median(seen[f"{kind} 0"])
            cells.append(f"{took:7.1f} ms  {error:+5.1f} ms")
        print(f"{sleep:5} ms       {cells[0]}             {cells[1]}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
