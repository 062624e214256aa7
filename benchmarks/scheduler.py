"""Many checks at one a minute, with a measure that does nothing, all stored and judged: start lag, processor, memory.

`python -m benchmarks.scheduler [--checks N] [--minutes N] [--postgresql] [--turns N]`

With `--postgresql` it is measured on SQLite and on PostgreSQL in turns, each time with an empty store: Debian's server,
which commits to disk, is started in a folder of its own.
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
import threading
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from tests.store.contract.postgresql_server import PostgresqlServer, started

from outrider.baselines import Settings
from outrider.model import (
    Check,
    CheckId,
    Circumstances,
    Kind,
    Measurement,
    Outcome,
    Policy,
    Sample,
    Step,
    StepKind,
)
from outrider.runs import Fleet, LiveJudge
from outrider.scheduler import FleetExecutor, Health, ResultPipeline, Service, SystemClock, holder_here
from outrider.store import Store
from outrider.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from outrider.model import Order, Run
    from outrider.runs import Judgement
    from outrider.scheduler import Executor, Work


class Nothing:
    """A starter whose attempts end at once."""

    def soon(self, work: Callable[[], None]) -> None:
        work()

    def start(self, order: Order, done: Callable[[Measurement], None]) -> None:
        took_ms = 20.0 + int(order.run[-4:], 16) / 0xFFFF  # spread evenly, and the same for a run every time
        steps = (Step("answer", "answer", StepKind.NAMED, 0.0, took_ms),)
        samples = (Sample("answer", "duration_ms", took_ms),)
        done(Measurement(Outcome.PASSED, "", time.time_ns() // 1000, 20.0, steps, samples))


@dataclass
class Lags:
    """Notes how late each run began."""

    seconds: list[float] = field(default_factory=list)
    judged: int = 0

    def run_finished(self, run: Run, judgements: Sequence[Judgement]) -> None:
        self.seconds.append((run.started_us - run.due_us) / 1e6)
        self.judged += bool(judgements)

    def ticked(self, now_us: int) -> None:
        pass


@dataclass
class Plain:
    """A runtime without files."""

    workspace: Workspace
    checks: Sequence[Check]
    executors: Mapping[Kind, Executor]
    circumstances: Circumstances = field(default_factory=Circumstances)
    stays_here: frozenset[CheckId] = frozenset()

    def activate(self) -> None:
        """Change nothing."""

    def close(self, within_s: float) -> Sequence[Work]:
        return [item for executor in self.executors.values() for item in executor.close(within_s)]


@dataclass
class Once:
    """Makes the same runtime once."""

    runtime: Plain

    def changed(self) -> bool:
        return False

    def make(self) -> Plain:
        return self.runtime


LONGEST_START_S = 600.0


def used_by(process: psutil.Process, thread: threading.Thread) -> float:
    """Return the processor seconds of a thread."""
    return sum(usage.user_time + usage.system_time for usage in process.threads() if usage.id == thread.native_id)


@contextmanager
def empty_store(server: PostgresqlServer | None, root: Path) -> Iterator[Store]:
    """Open a new store: in a database of a server, or in a file."""
    database = server.empty_database() if server is not None else nullcontext(root / "outrider.db")
    with database as url, Store.open(url, artifacts=root / "artifacts") as store:
        yield store


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--checks", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--turns", type=int, default=1)
    asked = parser.parse_args()
    policy = Policy(every_s=60.0)
    names = [f"probe:p.toml::{number}" for number in range(asked.checks)]
    checks = [Check(CheckId(name), Kind.PROBE, "p.toml", name, name, policy) for name in names]
    with started(durable=True) if asked.postgresql else nullcontext() as server:
        for place in (None, server) * asked.turns if server is not None else (None,) * asked.turns:
            print(
                "SQLite" if place is None else "PostgreSQL",
                f"at a load average of {os.getloadavg()[0]:.1f}",
                flush=True,
            )
            with tempfile.TemporaryDirectory() as folder, empty_store(place, Path(folder)) as store:
                measured(store, checks, Path(folder), asked.minutes)


def measured(store: Store, checks: Sequence[Check], root: Path, minutes: float) -> None:
    health, lags = Health(), Lags()
    pipeline = ResultPipeline(LiveJudge(store, Settings()), [lags], health)
    runtime = Plain(Workspace(root=root, name="benchmark"), checks, {})
    clock = SystemClock()
    service = Service(store, Once(runtime), pipeline, health=health, clock=clock, holder=holder_here())
    with Fleet(Nothing(), service.recorder, root / "scratch", Circumstances()) as fleet:
        runtime.executors = {Kind.PROBE: FleetExecutor(fleet, 1_000)}
        thread = threading.Thread(target=service.run, args=[10.0])
        thread.start()
        began_s = time.monotonic()
        time.sleep(70)  # every check once: series and circumstances are known now
        while pipeline.backlog > len(checks) // 100 and time.monotonic() - began_s < LONGEST_START_S:
            time.sleep(1)
        print(f"after the first start      judging had caught up within {time.monotonic() - began_s:.0f} s")
        gc.collect()
        lags.seconds.clear()
        lags.judged = 0
        process = psutil.Process()
        cpu, began_s = process.cpu_times(), time.monotonic()
        scheduling_s = next(
            (usage.user_time + usage.system_time for usage in process.threads() if usage.id == thread.native_id), 0
        )
        time.sleep(minutes * 60)
        after, took_s = process.cpu_times(), time.monotonic() - began_s
        mine = used_by(process, thread)
        used_s = after.user + after.system - cpu.user - cpu.system
        seconds = sorted(lags.seconds)
        print(f"runs judged                {lags.judged} of {len(seconds)}, {pipeline.backlog} wait")
        print(
            f"start lag p50, p99 [ms]    {seconds[len(seconds) // 2] * 1e3:.0f}, "
            f"{seconds[len(seconds) * 99 // 100] * 1e3:.0f}"
        )
        print(f"processor [cores]          {used_s / took_s:.2f}")
        scheduled_s = mine - scheduling_s
        print(f"scheduling [cores]         {scheduled_s / took_s:.3f}, {scheduled_s / used_s:.0%} of what is used")
        print(f"memory [MB]                {process.memory_info().rss / 1e6:.0f}")
        print(f"problems                   {health.problems}")
        service.stop()
        thread.join()


if __name__ == "__main__":
    main()
