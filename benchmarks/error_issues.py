"""How fast errors are stored, and how long their pages take: `python -m benchmarks.error_issues [EVENTS] [ISSUES]`.

100,000 events of 5,000 issues if absent, those of an issue the more the lower its number. Events are of 11 kB as JSON:
a stack of 30 frames with source lines, breadcrumbs, tags. Counted are processor and wall time of grouping and storing
in batches of 200, bytes of the database an event, and the time until the server, in this process, has answered with a
page; 40 of each kind, of other issues each time. Wanted: 800 events/s, 150 ms.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import asdict
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from outrider.dashboard import Sources
from outrider.model import Breadcrumb, ErrorEvent, ErrorException, ErrorUser, ServiceView, StackFrame
from outrider.server import application
from outrider.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BATCH = 200
PAGES = 40
LAST, OUTER = 29, 22
_LINE = "    answer = gateway.post('/charges', total=total)"


def events_of(count: int, issues: int, now_us: int, seed: int = 1) -> Iterator[ErrorEvent]:
    """Yield events of the last two days."""
    chance = random.Random(seed)
    for number in range(count):
        issue = number if number < issues else int(issues * chance.random() ** 3)
        at_us = now_us - (count - number) * 2 * 86_400 * 10**6 // count
        frames = tuple(
            StackFrame(
                f"shop.module_{depth}", f"function_{issue if depth == LAST else 0}", f"shop/module_{depth}.py", 40,
                in_app=depth > OUTER, source=_LINE, after=(_LINE,) * 2 if depth > OUTER else (),
            )
            for depth in range(LAST + 1)
        )  # fmt: skip
        raised = ErrorException("PaymentError", f"the gateway did not answer for order {number}", frames=frames)
        yield ErrorEvent(
            f"{number + 1:032x}", 1, at_us, at_us, exceptions=(raised,), platform="python",
            service=f"service-{issue % 20}", environment="live", release=f"2.{number * 20 // count}", server="pod-1",
            transaction=f"POST /checkout/{issue % 50}", tags={"plan": "free", "order": str(number)},
            user=ErrorUser(id=str(chance.randrange(20_000))),
            breadcrumbs=tuple(Breadcrumb(at_us - own, "query", message=_LINE) for own in range(20)),
            contexts={"runtime": {"name": "CPython", "version": "3.12"}},
        )  # fmt: skip


def store_events(store: Store, count: int, issues: int, now_us: int) -> None:
    """Store events in batches, and print what that took."""
    batch: list[ErrorEvent] = []
    took = spent = 0.0
    bytes_sent = 0
    for event in events_of(count, issues, now_us):
        batch.append(event)
        if len(batch) == BATCH:
            began, worked = time.monotonic(), time.process_time()
            store.errors.add(batch)
            took += time.monotonic() - began
            spent += time.process_time() - worked
            bytes_sent += len(dumps(asdict(batch[0]))) * BATCH
            batch = []
    size = bytes_sent / count
    print(f"{count:,} events of {size:,.0f} bytes: {count / took:,.0f}/s, {count / spent:,.0f}/s of the CPU")


def main(count: int = 100_000, issues: int = 5_000) -> None:
    """Fill a store and open its pages."""
    now_us = time.time_ns() // 1000
    with tempfile.TemporaryDirectory() as folder, closing(Store.open(f"{folder}/o.db", artifacts=folder)) as store:
        store_events(store, count, issues, now_us)
        size = sum(path.stat().st_size for path in Path(folder).glob("o.db*"))
        print(f"database: {size / 1e6:,.0f} MB, {size / count:,.0f} bytes an event")
        calm = ServiceView(True, True, (), {}, 0.0, 0, 0, 0)
        sources = Sources(store, list, lambda: calm, lambda: now_us, "shop")
        asyncio.run(open_pages(sources, issues))


async def open_pages(sources: Sources, issues: int) -> None:
    """Print how long pages take."""
    served = application(sources.store.heartbeats, None, sources.now_us, sources)  # type: ignore[attr-defined]
    chance = random.Random(2)
    paths: dict[str, Callable[[], str]] = {
        "list": lambda: "/errors",
        "list by events, of a release": lambda: f"/errors?q=sort:events+release:2.{chance.randrange(20)}",
        "list, words": lambda: f"/errors?q=checkout/{chance.randrange(50)}",
        "issue": lambda: f"/errors/{chance.randrange(issues) + 1}",
        "busiest issues": lambda: f"/errors/{chance.randrange(10) + 1}",
    }
    transport = httpx.ASGITransport(served)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for name, path in paths.items():
            times = []
            for _ in range(PAGES):
                began = time.monotonic()
                answer = await client.get(path())
                times.append((time.monotonic() - began) * 1000)
                answer.raise_for_status()
            times.sort()
            kilobytes = len(answer.content) / 1000
            print(f"{name}: median {statistics.median(times):.0f} ms, p95 {times[-3]:.0f} ms, {kilobytes:.0f} kB")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
