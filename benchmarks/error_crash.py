"""Rounds of `kill -9` of the process that takes errors, under ingest: `python -m benchmarks.error_crash [--rounds N]`.

A process takes errors of a workspace and stores them, as `errors` of `outrider up` does. Three senders send events of
twenty causes, and repeat none. Each round kills the process at a random moment and starts another at the same address.
At the end the events of the issues are counted. Wanted: as many as were acknowledged, and at most one more for each
that was not answered; none twice.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx

from outrider.app.access.workspace_access import now_us, open_store
from outrider.app.errors.error_projects import KeyRequest, add_project
from outrider.app.errors.error_service import SPOOL_FOLDER, ErrorService
from outrider.model import IssueQuery
from outrider.server import listen
from outrider.workspace import ErrorSettings, load

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

    from outrider.workspace import Workspace

CAUSES: Final = 20
SENDERS: Final = 3
_LIFE_S: Final = (0.05, 1.5)
_READY_S: Final = 120.0
_MOST: Final = 10**9
_PROCESSES: Final = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["outrider.app.errors.error_service"])  # a round spends no time with imports


@dataclass(slots=True)
class Count:
    """What was sent: acknowledged, not answered, answered otherwise."""

    acknowledged: int = 0
    unanswered: int = 0
    others: list[int] = field(default_factory=list)


def workspace_of(root: Path, port: int) -> Workspace:
    """Return a workspace that takes errors at a port."""
    (root / "outrider.toml").write_text("[errors]\n", "utf-8")
    return replace(load(root), errors=ErrorSettings(port=port, least_free_bytes=1))


def take(root: Path, port: int) -> None:
    """Take errors until this process is killed."""
    workspace = workspace_of(root, port)
    with open_store(workspace) as store, ErrorService(workspace, store):
        threading.Event().wait()


def send(url: str, sender: int, count: Count, ended: threading.Event) -> None:
    """Send one event after the other until told to end."""
    number = 0
    while not ended.is_set():
        number += 1
        event = {"event_id": f"{sender:02x}{number:030x}", "exception": {"values": [{"type": f"E{number % CAUSES}"}]}}
        body = b'{}\n{"type":"event"}\n' + json.dumps(event).encode()
        try:
            status = httpx.post(url, content=body, timeout=30).status_code
        except httpx.TransportError:
            count.unanswered += 1
            ended.wait(0.05)
            continue
        if status == httpx.codes.OK:
            count.acknowledged += 1
        else:
            count.others.append(status)


def rounds(root: Path, number: int, rng: random.Random) -> tuple[Count, int]:
    """Kill a service so often; return what was sent, and how many events its issues have in the end.

    Raises:
        RuntimeError: If it does not start, or does not store what waits.
    """
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    listener.close()
    workspace = workspace_of(root, port)
    with open_store(workspace) as store:
        issued = add_project(
            store, workspace, "shop", "live", per_day=_MOST, key=KeyRequest(per_minute=_MOST, per_address=_MOST)
        )
    url = f"http://127.0.0.1:{port}/api/1/envelope/?sentry_key={issued.key.id}"
    counts, ended = [Count() for _ in range(SENDERS)], threading.Event()
    threads = [threading.Thread(target=send, args=(url, own, count, ended)) for own, count in enumerate(counts)]
    process = _started(root, port)
    for thread in threads:
        thread.start()
    try:
        for _ in range(number):
            time.sleep(rng.uniform(*_LIFE_S))
            process.kill()
            process.join()
            process = _started(root, port)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
        _drain(workspace)
        process.kill()
        process.join()
    total = Count(
        sum(own.acknowledged for own in counts), sum(own.unanswered for own in counts),
        [status for own in counts for status in own.others],
    )  # fmt: skip
    with open_store(workspace) as store:
        return total, sum(issue.events for issue in store.errors.list(IssueQuery(now_us()), 1_000))


def _started(root: Path, port: int) -> ForkServerProcess:
    process = _PROCESSES.Process(target=take, args=(root, port))
    process.start()
    ends_s = time.monotonic() + _READY_S
    while time.monotonic() < ends_s:
        with suppress(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5)
            return process
        time.sleep(0.02)
    raise RuntimeError("the service does not start")


def _drain(workspace: Workspace) -> None:
    ends_s = time.monotonic() + _READY_S
    while [*(workspace.state / SPOOL_FOLDER).iterdir()]:
        if time.monotonic() > ends_s:
            raise RuntimeError("what waits is not stored")
        time.sleep(0.05)


def main() -> None:
    """Print what became of the events."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        count, events = rounds(Path(folder), arguments.rounds, random.Random(arguments.seed))
    print(f"{arguments.rounds} kills: {count.acknowledged:,} events acknowledged, {count.unanswered:,} not answered")
    print(f"{events:,} events in issues; {len(count.others)} refused")
    if not count.acknowledged <= events <= count.acknowledged + count.unanswered:
        raise SystemExit("an acknowledged event is lost, or one is stored twice")


if __name__ == "__main__":
    main()
