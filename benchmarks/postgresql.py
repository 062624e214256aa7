"""PostgreSQL beside SQLite, runs stored in turns: `python -m benchmarks.postgresql [ROUNDS]`.

Both commit to disk as they do in use: SQLite with `synchronous = NORMAL`, PostgreSQL with its defaults, over a socket.
The server is one that OUTRIDER_TEST_POSTGRESQL names, or Debian's, started in a folder of its own.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.store import make_run
from tests.store.contract.postgresql_server import started

from outrider.store import Store

if TYPE_CHECKING:
    from outrider.model import Run

BATCH = 20
BATCHES = 10


def stored_per_s(stores: list[Store], first: int) -> float:
    """Return how many runs a second all stores together take, each in a thread, in batches as a service writes them."""
    rounds = [[[make_run(first + (at * BATCHES + batch) * BATCH + n) for n in range(BATCH)] for batch in range(BATCHES)]
              for at in range(len(stores))]  # fmt: skip

    def store_all(store: Store, batches: list[list[Run]]) -> None:
        for batch in batches:
            store.runs.record_many(batch)

    threads = [threading.Thread(target=store_all, args=pair) for pair in zip(stores, rounds, strict=True)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(stores) * BATCHES * BATCH / (time.perf_counter() - begin)


def main() -> None:
    """Store batches in turns, and print medians and ratios."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with started(durable=True) as server, server.database() as url, tempfile.TemporaryDirectory() as folder:
        places = {"SQLite": f"sqlite:///{folder}/outrider.db", "PostgreSQL": url}
        stores = {kind: [Store.open(place, artifacts=Path(folder, "artifacts")) for _ in range(2)]
                  for kind, place in places.items()}  # fmt: skip
        for writers in (1, 2):
            taken: dict[str, list[float]] = {kind: [] for kind in places}
            for turn in range(rounds):
                for kind, opened in stores.items():
                    first = (writers * rounds + turn) * 2 * BATCHES * BATCH
                    taken[kind].append(stored_per_s(opened[:writers], first))
            ratio = statistics.median(b / a for a, b in zip(taken["SQLite"], taken["PostgreSQL"], strict=True))
            shown = ", ".join(f"{kind} {statistics.median(rates):.0f} runs/s" for kind, rates in taken.items())
            print(f"{writers} writer{'s' * (writers > 1)}: {shown}, ratio {ratio:.2f}", flush=True)
        for store in stores["SQLite"] + stores["PostgreSQL"]:
            store.close()


if __name__ == "__main__":
    main()
