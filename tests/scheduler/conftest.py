"""What the tests of this room share: clocks that are set, checks, and a runtime that answers at once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from tests.builders import new_store, run_of

from outrider.model import Check, CheckId, Circumstances, Kind, Measurement, Outcome, Policy, Run
from outrider.scheduler import Health, ResultPipeline, Service
from outrider.store import Store
from outrider.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from outrider.model import QueueEntry, RunId
    from outrider.runs import Judgement
    from outrider.scheduler import Executor, RetryingRecorder, Work

NOW_US = 1_800_000_000_000_000
SECOND_US = 1_000_000


@dataclass
class SetClock:
    """Clocks that stand until they are moved."""

    wall: int = NOW_US
    steady: int = 5_000_000_000

    def wall_us(self) -> int:
        return self.wall

    def steady_us(self) -> int:
        return self.steady

    def passes(self, seconds: float) -> None:
        self.wall += round(seconds * SECOND_US)
        self.steady += round(seconds * SECOND_US)

    def is_set(self, by_s: float) -> None:
        self.wall += round(by_s * SECOND_US)


def check(name: str = "a", **policy: Any) -> Check:
    identity = CheckId(f"probe:p.toml::{name}")
    return Check(identity, Kind.PROBE, "p.toml", name, name, Policy(**{"every_s": 60.0, **policy}), line=3)


@dataclass
class Instant:
    """An executor whose runs end when they begin, or when they are let."""

    recorder: Callable[[], RetryingRecorder]
    clock: SetClock
    room: int = 1_000
    holds: bool = False
    begun: list[QueueEntry] = field(default_factory=list)
    held: list[Run] = field(default_factory=list)
    killed: list[RunId] = field(default_factory=list)

    def begin(self, work: Sequence[tuple[QueueEntry, Check]]) -> None:
        for entry, watched in work:
            self.begun.append(entry)
            self.held.append(made(entry, watched, self.clock.wall))
        if not self.holds:
            self.let()

    def let(self) -> None:
        runs, self.held = self.held, []
        self.recorder().record_many(runs)

    def kill(self, run: RunId) -> None:
        self.killed.append(run)

    def close(self, within_s: float) -> Sequence[Work]:
        if self.held:
            self.let()
        return ()


def made(entry: QueueEntry, watched: Check, at_us: int, outcome: Outcome = Outcome.PASSED) -> Run:
    return run_of(
        Measurement(outcome, "", at_us, 1.0), entry.check, id=entry.run, environment=watched.policy.environment,
        location=entry.location, due_us=entry.due_us, started_us=at_us, finished_us=at_us,
    )  # fmt: skip


@dataclass
class FixedRuntime:
    """A runtime that remembers what became of it."""

    workspace: Workspace
    checks: Sequence[Check]
    executors: dict[Kind, Executor] = field(default_factory=dict)
    circumstances: Circumstances = field(default_factory=Circumstances)
    unfinished: Sequence[Work] = ()
    stays_here: frozenset[CheckId] = frozenset()
    error: Exception | None = None
    active: bool = False
    closed: threading.Event = field(default_factory=threading.Event)

    def activate(self) -> None:
        self.active = True

    def close(self, within_s: float) -> Sequence[Work]:
        for executor in self.executors.values():
            executor.close(within_s)
        self.closed.set()
        if self.error is not None:
            raise self.error
        return self.unfinished


@dataclass
class FixedFactory:
    """A factory whose runtime, or error, is handed in; `gate` holds up whoever makes one while it is clear."""

    runtime: FixedRuntime
    fresh: bool = False
    error: Exception | None = None
    made: int = 0
    entered: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event | None = None

    def changed(self) -> bool:
        return self.fresh

    def make(self) -> FixedRuntime:
        self.fresh = False
        self.made += 1
        self.entered.set()
        if self.gate is not None:
            assert self.gate.wait(60)
        if self.error is not None:
            raise self.error
        return self.runtime


@dataclass
class Ears:
    """A listener that remembers."""

    runs: list[Run] = field(default_factory=list)
    ticks: list[int] = field(default_factory=list)

    def run_finished(self, run: Run, judgements: Sequence[Judgement]) -> None:
        self.runs.append(run)

    def ticked(self, now_us: int) -> None:
        self.ticks.append(now_us)


@dataclass
class Stage:
    """A service whose time passes when it is told to."""

    store: Store
    clock: SetClock
    service: Service
    executor: Instant
    factory: FixedFactory
    pipeline: ResultPipeline
    ears: Ears

    def passes(self, seconds: float, step_s: float = 1.0) -> None:
        for _ in range(round(seconds / step_s)):
            self.clock.passes(step_s)
            self.tick()

    def tick(self) -> None:
        """Let what runs beside the service do its work, and then the service."""
        self.service.builder.look()
        self.service.tick()

    def outcomes(self) -> list[Outcome]:
        """Return the outcome of every run that was due; a record may stand for several that were missed in a row."""
        stored = reversed(self.store.runs.search(limit=None))
        return [run.outcome for run in stored for _ in range(run.due_count)]


class Stages:
    """Sets up services on one store.

    Args:
        url: Of a database with all tables; a new file in `folder` if absent.
    """

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder = folder
        if url:
            self.store = Store.open(url, artifacts=folder / "artifacts", busy_timeout_s=0.2)
        else:
            self.store = new_store(folder / "outrider.db", artifacts=folder / "artifacts", busy_timeout_s=0.2)

    def stage(
        self,
        *checks: Check,
        holder: str = "elsewhere 1 1.0",
        clock: SetClock | None = None,
        began: Callable[[], None] = lambda: None,
        **settings: Any,
    ) -> Stage:
        clock = clock or SetClock()
        health = Health()
        executor = Instant(lambda: service.recorder, clock)
        runtime = FixedRuntime(Workspace(root=self.folder, name="t", **settings), checks, {Kind.PROBE: executor})
        factory = FixedFactory(runtime)
        ears = Ears()
        pipeline = ResultPipeline(None, [ears], health)
        service = Service(self.store, factory, pipeline, health=health, clock=clock, holder=holder, began=began)
        return Stage(self.store, clock, service, executor, factory, pipeline, ears)


@pytest.fixture
def stages(tmp_path: Path) -> Iterator[Stages]:
    made = Stages(tmp_path)
    yield made
    made.store.close()
