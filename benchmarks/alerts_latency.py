"""From failure to message: probes every ten seconds, confirmed once, of targets that break at random moments.

Real probes, a real mail server, the default waits; each target has an address of its own, and so an incident.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks.alerting.mailbox import mailbox, mails

from outrider.alerts import AlertProcessor, AlertSettings, Deliverer, ReceiverSettings
from outrider.alerts.confirmation import Thresholds
from outrider.alerts.receivers.mail import Mail
from outrider.alerts.route import Route
from outrider.model import Circumstances
from outrider.probes import Engine, read_probes
from outrider.runs import Fleet
from outrider.store import Store
from outrider.workspace import load

_EVERY_S = 10.0
_TARGET_S = 25.0


class _Target(BaseHTTPRequestHandler):
    broken: set[str] = set()  # noqa: RUF012 - one of all requests

    def do_GET(self) -> None:
        self.send_response(500 if self.path in self.broken else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> int:
    """Print the spread of delays; return 1 if the longest misses the target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probes", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rng = random.Random(asked.seed)
    server = ThreadingHTTPServer(("0.0.0.0", 0), _Target)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as name:
        delays = _watch(Path(name), server.server_port, asked.probes, rng)
    server.shutdown()
    missing = asked.probes - len(delays)
    print(f"{len(delays)} of {asked.probes} failures were told: median {statistics.median(delays):.1f} s, "
          f"longest {max(delays):.1f} s (target {_TARGET_S:g} s)")  # fmt: skip
    return int(missing > 0 or max(delays) > _TARGET_S)


def _watch(folder: Path, port: int, count: int, rng: random.Random) -> list[float]:
    (folder / "probes").mkdir()
    (folder / "outrider.toml").touch()
    text = "".join(
        f'[p{n}]\nkind = "http"\nurl = "http://127.0.0.{n + 1}:{port}/{n}"\nexpect.status = 200\nretries = 0\n\n'
        for n in range(count)
    )
    (folder / "probes" / "a.toml").write_text(text)
    workspace = load(folder)
    catalogue = read_probes(workspace, {})
    came = folder / "mails"
    begins_s = time.time() + 2
    offsets = [rng.uniform(0, _EVERY_S) for _ in range(count)]
    breaks = [begins_s + _EVERY_S + rng.uniform(0, _EVERY_S) for _ in range(count)]
    with mailbox(came) as smtp, Store.open(folder / "db", artifacts=folder / "artifacts") as store:
        receiver = ReceiverSettings("mail", Mail(smtp, "outrider@example.com", ("ops@example.com",)), per_hour=10_000)
        settings = AlertSettings(
            route=Route(receivers=("mail",)), receivers={"mail": receiver}, thresholds=Thresholds(2, 2, 3), within_us=0
        )
        alerting = AlertProcessor(store, settings, _now_us())
        with (
            Deliverer(settings, store.outbox),
            Engine(catalogue.probes, workspace.probes) as engine,
            Fleet(engine, store.runs, folder / "scratch", Circumstances()) as fleet,
        ):
            due = [begins_s + offset for offset in offsets]
            ends_s = max(breaks) + 2 * _EVERY_S + 10
            while time.time() < ends_s:
                now_s = time.time()
                _Target.broken |= {f"/{n}" for n in range(count) if breaks[n] <= now_s}
                for n, check in enumerate(catalogue.checks):
                    if due[n] <= now_s:
                        fleet.start([check], lambda run: alerting.process_run(run, []), due_us=int(due[n] * 1e6))
                        due[n] += _EVERY_S
                alerting.ticked(_now_us())
                time.sleep(0.1)
    arrived_s = {mail["subject"].rpartition("::p")[2].partition(":")[0]: mail["at_s"] for mail in mails(came)}
    return [arrived_s[str(n)] - breaks[n] for n in range(count) if str(n) in arrived_s]


def _now_us() -> int:
    return time.time_ns() // 1000


if __name__ == "__main__":
    sys.exit(main())
