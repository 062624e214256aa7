"""Two services on one PostgreSQL, whose leader is paused until the other leads: is anybody told twice?

`python -m benchmarks.leader_paused [--rounds 20]`. In each round the leader's scheduler is stopped (SIGSTOP) at a
random moment after it has caught up, and goes on (SIGCONT) a random moment after the other has begun to lead, as a
virtual machine does that was frozen. Probes, each of a host of its own, fail one after another all the while, for some
seconds each, and each mail takes the server two tenths of a second, so that pauses hit notifications. Counted: mails
with the same Message-ID; notifications of one kind about one fault, or of one incident of anything else; incidents that
overlap others of their check; and runs that are stored twice.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.alerting.mailbox import mailbox, mails
from tests.store.contract.postgresql_server import started

from outrider.model import Outcome, Status
from outrider.store import Store

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

PROBES = 30
PERIOD_S = 45.0
FAULT_S = 7.0
LATE_S = 15.0
MAIL_S = 0.2
LIMIT_S = 180.0
_UNMADE = {Outcome.SKIPPED, Outcome.MISSED}
ALERTS = """
[incidents]
open = "1 of 1"
close = 1
reopen = "1s"
within = "1ms"
relapses = 100
fold = false
[route]
receivers = ["mail"]
group_by = ["check"]
wait = "1ms"
[receiver.mail]
kind = "mail"
server = "{server}"
to = ["ada@shop.example"]
per_hour = 10000
"""


class Site(BaseHTTPRequestHandler):
    """Each path fails for some seconds of each period, one after another."""

    def do_GET(self) -> None:
        at_s = (time.time() - int(self.path[1:]) * PERIOD_S / PROBES) % PERIOD_S
        self.send_response(503 if at_s < FAULT_S else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Host:
    """A service in a workspace of its own, and what it said."""

    def __init__(self, root: Path) -> None:
        command = [sys.executable, "-m", "outrider", "up", "--no-pages"]
        self.process = subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, text=True)
        self.pid = 0
        self.terms = 0
        self.is_loaded = threading.Event()
        self.has_caught_up = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            line_fields = json.loads(line) if line.startswith("{") else {}
            if line_fields.get("event") == "process.started":
                self.pid = line_fields["pid"]
            if line_fields.get("event") == "leader.began":
                self.has_caught_up.clear()
                self.terms += 1
            if line_fields.get("event") == "alerts.began":
                self.has_caught_up.set()
            if line_fields.get("event") == "workspace.loaded":
                self.is_loaded.set()

    def leads_again(self, before: int) -> None:
        """Wait until it has begun to lead once more than before.

        Raises:
            TimeoutError: If it does not.
        """
        ends_s = time.monotonic() + LIMIT_S
        while self.terms == before:
            if time.monotonic() > ends_s:
                raise TimeoutError("nobody leads")
            time.sleep(0.01)

    def end(self) -> None:
        """End it."""
        os.kill(self.pid, signal.SIGCONT)
        self.process.terminate()
        self.process.wait()


def write_workspace(root: Path, store: str, port: int, server: str) -> None:
    """Write probes that are made every second or two, and one receiver."""
    for folder in ("probes", "scheduler"):
        (root / folder).mkdir(parents=True)
    text = f'[store]\nurl = "{store}"\nartifacts = "{root.parent}/artifacts"\n[probes]\nlate = "30s"\n'
    (root / "outrider.toml").write_text(f'{text}[defaults]\nevery = "2s"\nretries = 0\n')
    probes = (
        f'[p{number}]\nkind = "http"\nurl = "http://p{number}.localhost:{port}/{number}"\n' for number in range(PROBES)
    )
    (root / "probes/all.toml").write_text("\n".join(probes))
    (root / "scheduler/alerts.toml").write_text(ALERTS.format(server=server))


def pause(leader: Host, other: Host, chance: random.Random) -> None:
    """Stop the leader until the other one has begun to lead.

    Raises:
        TimeoutError: If it does not, or if the leader does not catch up with what was before.
    """
    if not leader.has_caught_up.wait(LIMIT_S):
        raise TimeoutError("the leader has not caught up")
    time.sleep(chance.uniform(4.0, 12.0))
    before = other.terms
    os.kill(leader.pid, signal.SIGSTOP)
    other.leads_again(before)
    time.sleep(chance.uniform(0.0, 2.0))
    os.kill(leader.pid, signal.SIGCONT)


def repeated(things: Iterable[Hashable]) -> list[Hashable]:
    """Return what comes more than once, as often as it comes again."""
    return [thing for thing, count in Counter(things).items() for _ in range(count - 1)]


def notified_faults(store: Store) -> list[Hashable]:
    """Return of what each delivered notification told: of which kind it is, to whom, and of which fault."""
    incidents = {stored.id: json.loads(stored.state) for stored in store.incidents.search(limit=None)}
    rows = [row for row in store.outbox.search(limit=None) if row.status is Status.DELIVERED]
    return [
        (row.kind, row.topic, fault_of(incidents[item["incident"]]))
        for row in rows
        for item in json.loads(row.message)["items"]
    ]


def fault_of(incident: dict[str, Any]) -> Hashable:
    """Return which fault of a probe an incident is of; itself if it is of anything else."""
    if incident["problem"] != "failure":
        return str(incident["id"])
    (check,) = incident["checks"]
    probe = int(check.rpartition("::p")[2])
    since_s = incident["began_us"] / 1e6 - probe * PERIOD_S / PROBES
    return probe, int((since_s + LATE_S) // PERIOD_S)  # a run that was late found a fault that began after it was due


def overlapping(store: Store) -> int:
    """Return how many incidents began while another one of their check was open."""
    own: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for stored in store.incidents.search(limit=None):
        own[",".join(json.loads(stored.state)["checks"])].append((stored.began_us, stored.ended_us or 1 << 62))
    return sum(later[0] < before[1] for spans in own.values() for before, later in pairwise(sorted(spans)))


def main() -> None:
    """Pause leaders, and print what came twice."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(stack.enter_context(started()).empty_database())
        site = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Site))
        threading.Thread(target=site.serve_forever, daemon=True).start()
        stack.callback(site.shutdown)
        server = stack.enter_context(mailbox(folder / "mails", MAIL_S))
        hosts = []
        for name in ("one", "two"):
            write_workspace(folder / name, url, site.server_port, server)
            hosts.append(Host(folder / name))
            stack.callback(hosts[-1].end)
            if not hosts[-1].is_loaded.wait(LIMIT_S):
                raise TimeoutError("no workspace was loaded")
        for turn in range(asked.rounds):
            leader, other = hosts if turn % 2 == 0 else reversed(hosts)
            pause(leader, other, chance)
            print(f"{turn + 1} pauses", file=sys.stderr, flush=True)
        time.sleep(FAULT_S)
        came = mails(folder / "mails")
        same = repeated(mail["id"] for mail in came)
        with Store.open(url, artifacts=folder / "artifacts") as store:
            due = Counter(
                (run.check, run.due_us) for run in store.runs.search("*", limit=None) if run.outcome not in _UNMADE
            )
            print(f"{asked.rounds} pauses, {sum(due.values())} runs, {len(came)} mails; load {os.getloadavg()[0]:.1f}")
            again = repeated(notified_faults(store))
            print(*(f"again: {what}" for what in again), sep="\n", file=sys.stderr)
            print(f"told twice: {len(same)} with the same Message-ID, {len(again)} under another one (wanted: 0, 0)")
            twice = sum(due.values()) - len(due)
            print(f"incidents that overlap: {overlapping(store)}; runs stored twice: {twice} (wanted: 0, 0)")


if __name__ == "__main__":
    main()
