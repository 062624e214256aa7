"""How soon a page of one service shows a run that another stored: `python -m benchmarks.live_services [--runs 60]`.

Both have the store open; one serves the live stream to a reader over HTTP, the other stores a run every two seconds or
so, in SQLite and in PostgreSQL. Printed is how long after the commit the reader was told, and how often the store was
asked in ten seconds in which nothing is stored.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from benchmarks.store import make_run
from starlette.applications import Starlette
from starlette.routing import Route
from tests.store.contract.postgresql_server import started

from outrider.server import Background, listen
from outrider.server.live_stream import LiveStream
from outrider.store import Store

if TYPE_CHECKING:
    from outrider.model import ChangeBell, StoredChanges

IDLE_S = 10.0


class Counted:
    """A history, and how often it was asked what changed."""

    def __init__(self, store: Store) -> None:
        self._history = store.history
        self.asked = 0

    def changes_since(self, mark: str) -> StoredChanges:
        """Return what changed."""
        self.asked += 1
        return self._history.changes_since(mark)

    def bell(self) -> ChangeBell | None:
        """Return what rings."""
        return self._history.bell()


def told_s(url: str, artifacts: Path, runs: int) -> tuple[list[float], int]:
    """Return how long it took until a reader was told of each run [s], and how often the store was asked in between."""
    with ExitStack() as stack:
        writer, reader = (stack.enter_context(Store.open(url, artifacts=artifacts)) for _ in range(2))
        history = Counted(reader)
        listener = listen("127.0.0.1", 0)
        stream = LiveStream(history)
        server = Background(Starlette(routes=[Route("/live", stream.answer)]), listener)
        stack.callback(server.close)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/live"
        took = []
        with httpx.stream("GET", address, timeout=60) as answer:
            lines = answer.iter_lines()
            next(lines)
            chance = random.Random(1)
            for number in range(runs):
                time.sleep(chance.uniform(1.0, 3.0))
                writer.runs.record(make_run(number))
                stored_s = time.monotonic()
                next(line for line in lines if line.startswith("data"))
                took.append(time.monotonic() - stored_s)
            before = history.asked
            time.sleep(IDLE_S)
        return took, history.asked - before


def main() -> None:
    """Measure both databases."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=60)
    asked = parser.parse_args()
    with started() as server, server.empty_database() as url, tempfile.TemporaryDirectory() as folder:
        for kind, place in (("SQLite", f"sqlite:///{folder}/outrider.db"), ("PostgreSQL", url)):
            took, questions = told_s(place, Path(folder, "artifacts"), asked.runs)
            spread = f"{statistics.median(took) * 1000:.0f} ms, {max(took) * 1000:.0f} ms"
            print(f"{kind}: told after (median, most) {spread}; {questions} questions in {IDLE_S:g} s without a change")


if __name__ == "__main__":
    main()
