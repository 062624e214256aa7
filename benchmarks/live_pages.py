"""What live pages cost: `python -m benchmarks.live_pages [CHECKS] [DASHBOARDS] [FOLDER]`, 1,000 and 100 if absent.

A store as `benchmarks.dashboard_store` makes it is shown by the real server in a process of its own, which also stores
a run of a check as often as CHECKS at five minutes give one. DASHBOARDS readers in this process, a connection for
the stream and one for the page each, fetch the overview whenever they hear of a change, as a browser does. Printed are
the processor time that readers add to the server, in shares of a core, and the time from a run that is stored until
the page with it is there. Wanted for 1,000 checks and 100 readers: 20 % of a core, and 2 s.
"""

from __future__ import annotations

import asyncio
import gzip
import multiprocessing
import re
import shutil
import sys
import tempfile
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import numpy as np
from benchmarks.dashboard_store import NOW_US, checks_of, fill, run_of

from outrider.dashboard import Sources
from outrider.model import Outcome, ServiceView
from outrider.server import Background, application, listen
from outrider.store import Store

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

MEASURED_S = 30.0
EVERY_S = 300.0
DAYS = 90


def serve(folder: Path, count: int, pipe: Connection) -> None:
    """Show a store and add runs to it until told to end; say the port first, then times and processor time."""
    checks = checks_of(count)
    view = ServiceView(True, True, (), {}, 0.0, 0, 0, 0)
    offset_us = NOW_US - time.time_ns() // 1000  # it goes on where the store ends
    with closing(Store.open(folder / "outrider.db", artifacts=folder / "artifacts")) as store:
        sources = Sources(store, lambda: checks, lambda: view, lambda: time.time_ns() // 1000 + offset_us, "benchmark")
        listener = listen("127.0.0.1", 0)
        background = Background(application(store.heartbeats, None, sources.now_us, sources), listener)
        pipe.send(listener.getsockname()[1])
        ended = threading.Event()
        while not pipe.poll():
            pass
        pipe.recv()
        busy, began = time.process_time(), time.monotonic()
        number = 0
        while not ended.wait(max(0.0, began + number * EVERY_S / count - time.monotonic())):
            if pipe.poll():
                break
            reason = f"stored at {time.time_ns() // 1000}"
            store.runs.record(run_of(checks[0].id, sources.now_us(), Outcome.FAILED, reason))
            number += 1
        pipe.send((time.process_time() - busy, time.monotonic() - began, number))
        background.close()


@dataclass
class Readers:
    """Dashboards, and what they saw."""

    address: str
    fetched: int = 0
    unchanged: int = 0
    events: int = 0
    delays_s: list[float] = field(default_factory=list)

    async def watch(self, count: int) -> None:
        limits = httpx.Limits(max_connections=2 * count + 10, max_keepalive_connections=2 * count)
        async with httpx.AsyncClient(timeout=60, limits=limits) as client:
            await asyncio.gather(*(self._dashboard(client) for _ in range(count)))

    async def _dashboard(self, client: httpx.AsyncClient) -> None:
        wanted = asyncio.Event()
        await asyncio.gather(self._hear(client, wanted), self._fetch(client, wanted))

    async def _hear(self, client: httpx.AsyncClient, wanted: asyncio.Event) -> None:
        async with client.stream("GET", f"{self.address}/live") as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    self.events += 1
                    wanted.set()

    async def _fetch(self, client: httpx.AsyncClient, wanted: asyncio.Event) -> None:
        etag = ""
        while True:
            await wanted.wait()
            wanted.clear()
            headers = {"Accept-Encoding": "gzip", **({"If-None-Match": etag} if etag else {})}
            async with client.stream("GET", self.address, headers=headers) as answer:
                body = b"".join([piece async for piece in answer.aiter_raw()])
            arrived_s = time.time()
            self.fetched += 1
            self.unchanged += answer.status_code == 304
            etag = answer.headers["etag"]
            if answer.status_code == 200 and not self.fetched % 20:
                stored_us = max(map(int, re.findall(rb"stored at (\d+)", gzip.decompress(body))), default=0)
                self.delays_s.append(arrived_s - stored_us / 1e6)


def measure(folder: Path, count: int, dashboards: int) -> tuple[float, Readers]:
    """Return the server's processor time in shares of a core, and what readers saw."""
    with tempfile.TemporaryDirectory() as copy:  # what one measure stores would be ahead of the next one's clock
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        return _measured(Path(copy), count, dashboards)


def _measured(folder: Path, count: int, dashboards: int) -> tuple[float, Readers]:
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(folder, count, theirs))
    process.start()
    readers = Readers(f"http://127.0.0.1:{ours.recv()}")
    thread = threading.Thread(target=read, args=(readers, dashboards), daemon=True)
    thread.start()
    ours.send("begin")
    threading.Event().wait(MEASURED_S)
    ours.send("end")
    busy_s, lasted_s, _ = ours.recv()
    process.join(30)
    return busy_s / lasted_s, readers


def read(readers: Readers, dashboards: int) -> None:
    with suppress(httpx.HTTPError):  # the server ends first
        asyncio.run(readers.watch(dashboards))


def main(count: int, dashboards: int, folder: Path) -> None:
    """Fill the store if it is new, and measure without readers, with one, and with all."""
    if not (folder / "outrider.db").exists():
        folder.mkdir(parents=True, exist_ok=True)
        fill(folder, count, DAYS)
    print("dashboards  share of a core  events  fetched    same  delay: median     p95")
    for readers in (0, 1, dashboards):
        share, seen = measure(folder, count, readers)
        median, p95 = np.quantile(seen.delays_s, [0.5, 0.95]) if seen.delays_s else (np.nan, np.nan)
        counts = f"{seen.events:>8}{seen.fetched:>9}{seen.unchanged:>8}"
        print(f"{readers:>10}{share:>17.3f}{counts}{median:>13.2f} s{p95:>6.2f} s")


if __name__ == "__main__":
    numbers = [int(text) for text in sys.argv[1:3]] + [1000, 100][len(sys.argv[1:3]) :]
    if len(sys.argv) > 3:
        main(numbers[0], numbers[1], Path(sys.argv[3]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(numbers[0], numbers[1], Path(temporary))
