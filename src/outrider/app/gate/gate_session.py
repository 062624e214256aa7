"""A gate's session of measuring: the sides that runs are made at, and which checks can be compared at all."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from outrider.gate import Address, fingerprint_here
from outrider.journeys import parse_har
from outrider.model import ArtifactKind, Kind, StoreError
from outrider.runs import GATE_SUFFIX, Runner

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.app.access.listeners import ProgressListener
    from outrider.app.execution.runtime import Runtime
    from outrider.gate import Fingerprint
    from outrider.journeys import Browser
    from outrider.model import Check, ExecutionStore, Run
    from outrider.runs import Fleet
    from outrider.workspace import Workspace

_RESOURCE = "resource_ms "
_SIDES = ("base", "candidate")
_WEB = frozenset({"http", "api"})


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: what runs its journeys, and what its probes."""

    runtime: Runtime
    fleet: Fleet


@contextmanager
def open_side(runtime: Runtime, store: ExecutionStore) -> Iterator[Side]:
    """Open a side on a runtime; its runs go to the store."""
    with runtime.fleet(store.heartbeats, store.runs) as fleet:
        yield Side(runtime, fleet)


@dataclass(frozen=True, slots=True)
class GateSession:
    """What it takes to measure: the workspace, the browser if there is one, and the store that runs go to."""

    workspace: Workspace
    browser: Browser | None
    store: ExecutionStore
    listener: ProgressListener

    def fingerprint(self, check: Check) -> Fingerprint:
        """Return what a check is measured with here."""
        browser = f"chromium {self.browser.version}" if self.browser and check.kind == Kind.JOURNEY else ""
        return fingerprint_here(browser)

    def run(self, side: Side, check: Check, number: int, name: str = "") -> Run:
        """Make one run of a session; it is stored in an environment of its own, apart from scheduled runs."""
        gated = replace(check, policy=replace(check.policy, environment=f"{check.policy.environment}{GATE_SUFFIX}"))
        self.listener.progress(f"session {number + 1}{name}: {check.name}")
        runtime = side.runtime
        if check.kind == Kind.PROBE:
            (run,) = side.fleet.run_all([gated])
            return run
        runner = Runner(
            runtime.measures({check.kind}), self.store.runs, runtime.scratch, runtime.circumstances,
            redactor=runtime.redactor,
        )  # fmt: skip
        with runtime.turn(gated, self.listener):
            if check.kind == Kind.JOURNEY:
                runtime.measure.prepare(check)
            return runner.run(gated)

    def pair(self, sides: tuple[Side, Side], check: Check, number: int, count: int) -> tuple[list[Run], list[Run]]:
        """Make a session of both sides, run by run alternately, each pair in the other order."""
        runs: tuple[list[Run], list[Run]] = ([], [])
        for pair in range(count):
            for index in (0, 1) if (number + pair) % 2 == 0 else (1, 0):
                runs[index].append(self.run(sides[index], check, number, f", {_SIDES[index]}"))
        return runs

    def requested(self, run: Run) -> Iterator[str]:
        """Yield the addresses that a run requested: by its HAR, its samples, or the attributes of a probe."""
        for artifact in self.store.runs.get(run.id).artifacts:
            if artifact.kind is ArtifactKind.HAR:
                try:
                    yield from (request.url for request in parse_har(artifact.read()))
                except StoreError:  # pruned meanwhile
                    continue
        for attempt in run.attempts:
            metrics = (sample.metric for sample in attempt.measurement.samples)
            yield from (metric.removeprefix(_RESOURCE) for metric in metrics if metric.startswith(_RESOURCE))
            yield from attempt.measurement.attributes.get("asked", "").split()


def comparable(checks: Sequence[Check], addresses: tuple[str, str] | None) -> tuple[list[Check], list[str]]:
    """Return the checks that a gate can compare, without retries, and why the others cannot be.

    Args:
        checks: Those that were chosen.
        addresses: Of the two sides, if there are two.
    """
    kept, notes = [], []
    for check in checks:
        if reason := _why_not(check, addresses) if check.kind == Kind.PROBE else "":
            notes.append(f"{check.id} {reason}")
        else:
            kept.append(replace(check, policy=replace(check.policy, retries=0)))
    return kept, notes


def _why_not(probe: Check, addresses: tuple[str, str] | None) -> str:
    if "heartbeat" in probe.marks:
        return "waits for a job to call: it measures nothing by itself"
    if addresses and not probe.marks & _WEB:
        return "asks no web address: it cannot be compared at two of them"
    if addresses and Address.of(addresses[0]).origin == Address.of(addresses[1]).origin:
        return "tells which hosts it asked, and both addresses are of one: it cannot be compared"
    return ""
