"""What a gate measures with: stands that runs are made at, and which checks can be compared at all."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from outrider.gate import Address, fingerprint_here
from outrider.journeys import parse_har
from outrider.model import ArtifactKind, Kind, StoreError
from outrider.runs import GATE_SUFFIX, Runner

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.app.runtime import Runtime
    from outrider.gate import Fingerprint
    from outrider.journeys import Browser
    from outrider.model import Check, Run
    from outrider.runs import Fleet
    from outrider.store import Store
    from outrider.workspace import Workspace

_RESOURCE = "resource_ms "
_SIDES = ("base", "candidate")
_WEB = frozenset({"http", "api"})


class Progress(Protocol):
    """Hears what a gate does now."""

    def say(self, text: str) -> None:
        """Show what is being done now."""
        ...


@dataclass(frozen=True, slots=True)
class Side:
    """One place to measure at: what runs its journeys, and what its probes."""

    open_runtime: Runtime
    fleet: Fleet


@contextmanager
def open_side(ready: Runtime, store: Store) -> Iterator[Side]:
    """Provide a stand on a bench; its runs go to the store."""
    with ready.fleet(store) as fleet:
        yield Side(ready, fleet)


@dataclass(frozen=True, slots=True)
class GateSession:
    """What it takes to measure: in which browser, if any is needed, and where runs go."""

    workspace: Workspace
    browser: Browser | None
    store: Store
    progress: Progress

    def fingerprint(self, check: Check) -> Fingerprint:
        """Return what a check is measured with here."""
        browser = f"chromium {self.browser.version}" if self.browser and check.kind == Kind.JOURNEY else ""
        return fingerprint_here(browser)

    def run(self, stand: Side, check: Check, number: int, side: str = "") -> Run:
        """Make one run of a session; it is stored in an environment of its own, apart from what is watched."""
        gated = replace(check, policy=replace(check.policy, environment=f"{check.policy.environment}{GATE_SUFFIX}"))
        self.progress.say(f"session {number + 1}{side}: {check.name}")
        ready = stand.open_runtime
        if check.kind == Kind.PROBE:
            (made,) = stand.fleet.run_all([gated])
            return made
        runner = Runner(ready.measures({check.kind}), self.store.runs, ready.scratch, ready.circumstances)
        with ready.turns.taken():
            if check.kind == Kind.JOURNEY:
                ready.measure.prepare()
            return runner.run(gated)

    def pair(self, stands: tuple[Side, Side], check: Check, number: int, count: int) -> tuple[list[Run], list[Run]]:
        """Make a session of both sides, run by run in turns, each pair in the other order."""
        runs: tuple[list[Run], list[Run]] = ([], [])
        for pair in range(count):
            for side in (0, 1) if (number + pair) % 2 == 0 else (1, 0):
                runs[side].append(self.run(stands[side], check, number, f", {_SIDES[side]}"))
        return runs

    def requested(self, run: Run) -> Iterator[str]:
        """Yield the addresses that a run requested: by its HAR, its samples, or what a probe says of itself."""
        for one in self.store.runs.get(run.id).artifacts:
            if one.kind is ArtifactKind.HAR:
                try:
                    yield from (request.url for request in parse_har(one.read()))
                except StoreError:  # let go of meanwhile
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
