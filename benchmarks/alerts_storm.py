"""A host is down and 2,000 checks of it fail at once: how many incidents, how many messages a route, how soon."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.alerting.made_runs import made_run
from benchmarks.alerting.mailbox import mailbox, mails

from outrider.alerts import AlertProcessor, AlertSettings, Deliverer, ReceiverSettings
from outrider.alerts.matcher import parse_matcher
from outrider.alerts.receivers.mail import Mail
from outrider.alerts.route import Route
from outrider.store import Store

_WATCHED_S = 30.0


def _settings(server: str) -> AlertSettings:
    receivers = {
        name: ReceiverSettings(name, Mail(server, "outrider@example.com", (f"{name}@example.com",)))
        for name in ("even", "odd")
    }
    even = Route("even", (parse_matcher("check=~.*[02468]"),), ("even",))
    routes = (even, Route("odd", receivers=("odd",)))
    return AlertSettings(route=Route(routes=routes), receivers=receivers)


def main() -> int:
    """Print what was seen; return 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checks", type=int, default=2_000)
    checks = parser.parse_args().checks
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        came = folder / "mails"
        with mailbox(came) as server, Store.open(folder / "db", artifacts=folder / "artifacts") as store:
            settings = _settings(server)
            alerting = AlertProcessor(store, settings, _now_us())
            with Deliverer(settings, store.outbox):
                began_s = time.time()
                for _ in range(2):
                    runs = [made_run(f"probe:{n}", "shop.example", _now_us(), failed=True) for n in range(checks)]
                    store.runs.record_many(runs)
                    for run in runs:
                        alerting.process_run(run, [])
                        if run is runs[-1] or not int(run.check.removeprefix("probe:")) % 100:
                            alerting.ticked(_now_us())
                processed_s = time.time() - began_s
                while time.time() - began_s < _WATCHED_S:
                    alerting.ticked(_now_us())
                    time.sleep(0.5)
            received = mails(came)
            incidents = store.incidents.search(lasting=True)
    a_route = Counter(mail["to"][0] for mail in received)
    last_s = max((mail["at_s"] - began_s for mail in received), default=float("inf"))
    print(f"{checks} checks failed twice, heard within {processed_s:.1f} s")
    print(f"incidents: {len(incidents)} (target 1)")
    print(f"messages a route within {_WATCHED_S:.0f} s: {dict(a_route)} (target 1 each), the last after {last_s:.1f} s")
    return int(len(incidents) != 1 or set(a_route.values()) != {1} or len(a_route) != 2)


def _now_us() -> int:
    return time.time_ns() // 1000


if __name__ == "__main__":
    sys.exit(main())
