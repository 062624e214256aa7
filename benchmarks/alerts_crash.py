"""Rounds of `kill -9` while incidents open, climb and resolve: what was lost, what came twice.

A child makes runs, keeps incidents and delivers to a real mail server, and to Debian's Alertmanager where there is one;
it is killed at a random moment and the next one goes on where it was. Nothing deduplicates: every mail is counted.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.request
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.alerting.made_runs import made_run
from benchmarks.alerting.mailbox import free_port, mailbox_apart, mails

from outrider.alerts import AlertProcessor, AlertSettings, Deliverer, ReceiverSettings, delivery
from outrider.alerts.confirmation import Thresholds
from outrider.alerts.network_guard import Guard
from outrider.alerts.oncall import Escalation, Level
from outrider.alerts.receivers.alertmanager import Alertmanager
from outrider.alerts.receivers.mail import Mail
from outrider.alerts.route import Route
from outrider.baselines import Settings
from outrider.model import Status
from outrider.runs import Judge
from outrider.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import NoReturn

_COURSE = (True, True, False, False)
"""A probe's runs: two that fail open an incident, two that pass end it."""

_CLIMB_US = 20_000
_LIFE_S = (0.02, 2.0)
"""How long a child works before it is killed: a step of the story takes some tenths of a second, the first one more."""

_ROUNDS_AN_INCIDENT = 20
"""At most so many kills until an incident has been opened and ended, or they hit nothing."""

_DRAINED_S = 60.0


def _settings(server: str, alertmanager: str) -> AlertSettings:
    receivers = {
        name: ReceiverSettings(name, Mail(server, "outrider@example.com", (f"{name}@example.com",)), per_hour=10_000)
        for name in ("ops", "boss")
    }
    routed: tuple[str, ...] = ("ops",)
    if alertmanager:
        channel = Alertmanager(alertmanager, Guard(("127.0.0.1",)))
        receivers["prometheus"] = ReceiverSettings("prometheus", channel, per_hour=10_000)
        routed = ("ops", "prometheus")
    return AlertSettings(
        route=Route(receivers=routed, escalation="up", wait_us=0),
        receivers=receivers,
        thresholds=Thresholds(2, 2, 2),
        within_us=0,
        escalations={"up": Escalation((Level(_CLIMB_US, ("boss",)),))},
    )


def _work(folder: Path, settings: AlertSettings, ends_s: float, on_ready: Callable[[], None]) -> None:
    """Go on with the story until then, or until killed."""
    delivery._POLL_S = 0.01  # many rounds in little time
    with Store.open(folder / "db", artifacts=folder / "artifacts") as store:
        now_us = _now_us()
        alerting = AlertProcessor(store, settings, now_us)
        alerting.catch_up(Judge(store, Settings()), now_us)
        on_ready()
        with Deliverer(settings, store.outbox):
            while time.monotonic() < ends_s:
                alerting.ticked(_now_us())
                if _is_notified(store):
                    _next_run(store, alerting)


def _next_run(store: Store, alerting: AlertProcessor) -> None:
    made = len(store.runs.search("probe:*", limit=None))
    number, place = divmod(made, len(_COURSE))
    run = made_run(f"probe:{number}", f"host-{number}", _now_us(), failed=_COURSE[place])
    store.runs.record(run)
    alerting.process_run(run, [])


def _is_notified(store: Store) -> bool:
    """Whether every step of the story so far was delivered, so that none supersedes another."""
    if store.outbox.search(status=Status.QUEUED, limit=1):
        return False
    made = len(store.runs.search("probe:*", limit=None))
    number, place = divmod(made, len(_COURSE))
    if place in {0, 1, 3}:
        return place != 0 or _rows(store, "resolved") >= number
    return _rows(store, "escalation") > number


def _rows(store: Store, kind: str) -> int:
    receiver = "boss" if kind == "escalation" else "ops"
    return sum(row.kind == kind for row in store.outbox.search(receiver=receiver, limit=1_000_000))


def _round(folder: Path, settings: AlertSettings, kill_after_s: float) -> None:
    """Let a child go on with the story, and kill it so long after it has opened the store."""
    ready, begun = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ready)
        _end_of(lambda: _work(folder, settings, time.monotonic() + 60, lambda: os.close(begun)))
    os.close(begun)
    os.read(ready, 1)  # until the child, which alone holds the other end, closes it
    os.close(ready)
    time.sleep(kill_after_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _end_of(work: Callable[[], None]) -> NoReturn:
    """Do the work of a forked child, and end it without the cleaning up of its parent."""
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


@contextmanager
def _alertmanager(folder: Path) -> Iterator[str]:
    """Start Debian's Alertmanager, and yield its address; empty where there is none."""
    program = shutil.which("prometheus-alertmanager")
    if program is None:
        yield ""
        return
    config = folder / "alertmanager.yml"
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    url = f"127.0.0.1:{free_port()}"
    command = [program, f"--config.file={config}", f"--storage.path={folder}/am", "--cluster.listen-address="]
    process = subprocess.Popen([*command, f"--web.listen-address={url}"], stderr=subprocess.DEVNULL)
    try:
        ends_s = time.monotonic() + 30
        while time.monotonic() < ends_s and _alerts(f"http://{url}") is None:
            time.sleep(0.1)
        yield f"http://{url}"
    finally:
        process.terminate()
        process.wait()


def _alerts(url: str) -> list[Any] | None:
    try:
        with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=5) as answer:
            alerts: list[Any] = json.load(answer)
            return alerts
    except OSError:
        return None


def _drain(folder: Path, settings: AlertSettings) -> None:
    """Finish the story that was cut, and deliver the rest."""
    child = os.fork()
    if child == 0:
        _end_of(lambda: _finish(folder, settings, time.monotonic() + _DRAINED_S))
    os.waitpid(child, 0)


def _finish(folder: Path, settings: AlertSettings, ends_s: float) -> None:
    delivery._POLL_S = 0.01
    with Store.open(folder / "db", artifacts=folder / "artifacts") as store:
        alerting = AlertProcessor(store, settings, _now_us())
        alerting.catch_up(Judge(store, Settings()), _now_us())
        with Deliverer(settings, store.outbox):
            while time.monotonic() < ends_s:
                alerting.ticked(_now_us())
                if not _is_notified(store):
                    continue
                if len(store.runs.search("probe:*", limit=None)) % len(_COURSE) == 0:
                    return
                _next_run(store, alerting)


def main() -> int:
    """Print what was lost and what came twice; return 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rng = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        came = folder / "mails"
        with mailbox_apart(came) as server, _alertmanager(folder) as alertmanager:
            settings = _settings(server, alertmanager)
            for _ in range(asked.rounds):
                _round(folder, settings, rng.uniform(*_LIFE_S))
            _drain(folder, settings)
            left = _alerts(alertmanager) if alertmanager else None
            return _report(folder, mails(came), asked.rounds, left)


def _report(folder: Path, came: list[dict[str, Any]], rounds: int, left: list[Any] | None) -> int:
    """Say how often each step of each incident was told: what is expected comes from the runs, not from the outbox."""
    with Store.open(folder / "db", artifacts=folder / "artifacts") as store:
        incidents = len(store.runs.search("probe:*", limit=None)) // len(_COURSE)
        outbox = Counter(row.status.value for row in store.outbox.search(limit=1_000_000))
        pushed = sum(
            row.status is Status.DELIVERED for row in store.outbox.search(receiver="prometheus", limit=1_000_000)
        )
    expected = {("ops", "trigger"), ("boss", "escalation"), ("ops", "resolved"), ("boss", "resolved")}
    topics: dict[tuple[str, str], set[str]] = {key: set() for key in expected}
    for mail in came:
        topics.setdefault((mail["to"][0].partition("@")[0], mail["kind"]), set()).add(mail["topic"])
    lost = sum(incidents - len(topics[key]) for key in expected)
    ids = Counter(mail["id"] for mail in came)
    twice = sum(count - 1 for count in ids.values())
    others = sum(len(of_topic) for key, of_topic in topics.items() if key not in expected)
    strangers = len(ids) - sum(map(len, topics.values()))
    print(f"{rounds} kills, {incidents} incidents from opening to end, {len(came)} mails, outbox {dict(outbox)}")
    print(f"lost: {lost} of {incidents * len(expected)} (target 0)")
    print(f"sent twice, with the same Message-ID: {twice}; under another Message-ID: {strangers} (target 0)")
    print(f"of a kind that was not asked for: {others}")
    if left is not None:
        print(f"Alertmanager: {pushed} pushes, {len(left)} alerts left open after the last end (target 0)")
    if incidents * _ROUNDS_AN_INCIDENT < rounds:
        print("too few incidents for so many kills: nothing is proved")
        return 1
    return int(lost > 0 or strangers > 0 or bool(left))


def _now_us() -> int:
    return time.time_ns() // 1000


if __name__ == "__main__":
    sys.exit(main())
