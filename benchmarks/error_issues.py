"""How fast errors are stored, how long pages take: `python -m benchmarks.error_issues [EVENTS] [ISSUES] [GROWN]`.

100,000 events of 5,000 issues if absent, those of an issue the more the lower its number. Events are of 11 kB as JSON:
a stack of 30 frames with source lines, breadcrumbs, tags. Counted are processor and wall time of grouping and storing
in batches of 200, bytes of the database an event, and the time until the server, in this process, has answered with a
page; 40 of each kind, of other issues each time. Wanted: 800 events/s, 150 ms.

GROWN events, such as 1,000,000, are made of fewer by copies of their rows: the id of each event, 32 kept events of each
issue, each of the last 48 hours, fifty values of a tag; and counts in proportion.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
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
KEPT = 32
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


def grow(database: Path, count: int) -> None:
    """Copy rows of a store until it looks as if so many events had come."""
    with closing(sqlite3.connect(database)) as rows, rows:
        events, last_us = rows.execute("SELECT sum(events), max(last_us) FROM issues").fetchone()
        ids = ((random.randbytes(16), last_us) for _ in range(count - events))
        rows.executemany("INSERT INTO error_event_ids VALUES (?, ?)", ids)
        rows.execute("UPDATE issues SET events = events * ? / ?, users = users * 2", (count, events))
        issues = rows.execute("SELECT issue_key, count(*), max(id) FROM error_events GROUP BY 1").fetchall()
        copied = ((random.randbytes(16), event) for _, kept, event in issues for _ in range(KEPT - kept))
        names = "issue_key, key, at_us, position, release, environment, user, trace_id, message, content"
        rows.executemany(
            f"INSERT INTO error_events (id, {names}) SELECT ?, {names} FROM error_events WHERE id = ?", copied
        )
        hours = ((key, last_us // 3_600_000_000 - hour) for key, _, _ in issues for hour in range(48))
        rows.executemany("INSERT OR IGNORE INTO issue_hours VALUES (?, ?, 5)", hours)
        values = "SELECT issue_key, 50 - count(*) FROM issue_tags WHERE name = 'order' GROUP BY 1"
        missing = rows.execute(values).fetchall()
        tags = ((key, f"copy {number}", last_us) for key, left in missing for number in range(left))
        rows.executemany("INSERT OR IGNORE INTO issue_tags VALUES (?, 'order', ?, 1, ?)", tags)


def main(count: int = 100_000, issues: int = 5_000, grown: int = 0) -> None:
    """Fill a store and open its pages."""
    now_us = time.time_ns() // 1000
    with tempfile.TemporaryDirectory() as folder, closing(Store.open(f"{folder}/o.db", artifacts=folder)) as store:
        store_events(store, count, issues, now_us)
        if grown > count:
            grow(Path(folder) / "o.db", grown)
            count = grown
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
