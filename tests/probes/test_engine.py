"""One engine and many probes: none delays another, and a fault of the prober is not the target's."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING

import pytest

from outrider.model import Measurement, Order, Outcome, new_run_id
from outrider.probes import OwnNetwork
from outrider.probes.host_queues import HostQueues
from outrider.probes.lateness import Lateness
from outrider.probes.probe_outcome import ProberState, assess, is_late
from outrider.probes.probe_result import Blame, Evidence, Failure, ProbeResult
from outrider.workspace import ProbeSettings

if TYPE_CHECKING:
    from tests.probes.conftest import Bench

    from outrider.model import Check
    from outrider.probes import Engine
    from outrider.probes.probe_context import ProbeContext

PASSED, FAILED, INCONCLUSIVE = Outcome.PASSED, Outcome.FAILED, Outcome.INCONCLUSIVE
HTTP = '[{}]\nkind = "http"\nurl = "{}"\n'


def begin(engine: Engine, bench: Bench, check: Check, limit_s: float) -> Future[Measurement]:
    done: Future[Measurement] = Future()
    engine.start(Order(new_run_id(1), check, 1, limit_s, bench.root / "scratch"), done.set_result)
    return done


def test_a_dead_target_delays_no_other(bench: Bench, site: str) -> None:
    """While fifty probes of one host hang, that of another host is measured at once."""
    bench.settings = ProbeSettings(per_host=4, late_s=1e9)
    other = site.replace("127.0.0.1", "127.0.0.2").replace("127.0.0.2", "localhost")
    text = "".join(HTTP.format(f"hangs{number}", f"{site}/hang") for number in range(50))
    catalogue = bench.read(text + HTTP.format("other", f"{other}/"))

    with bench.engine(catalogue) as engine:
        hanging = [begin(engine, bench, check, 1.5) for check in catalogue.checks[:-1]]
        quick = begin(engine, bench, catalogue.checks[-1], 1.5).result(30)
        still = sum(not attempt.done() for attempt in hanging)
        ends = [attempt.result(30) for attempt in hanging]

    assert (quick.outcome, still) == (PASSED, 50)
    reasons = {end.outcome: end.reason for end in ends}
    assert set(reasons) == {FAILED, INCONCLUSIVE}
    assert "waited 1.5 s for a turn at 127.0.0.1, which 4 others were asking" in reasons[INCONCLUSIVE]


def test_hosts_have_turns_of_their_own() -> None:
    """Jobs begin in order, as many as may; who waited too long is named once."""
    turns: HostQueues[str] = HostQueues(2)

    began = [turns.take("shop", name, 10.0) for name in "abc"] + [turns.take("other", "d", 10.0)]
    turns.take("shop", "e", 1.0)

    assert began == [True, True, False, True]
    assert (turns.expired(2.0), turns.waiting) == (["e"], 1)
    assert [turns.give_back(host) for host in ("shop", "shop", "other")] == ["c", None, None]
    assert turns.take("", "f", 0.0)
    assert turns.give_back("") is None


class Busy:
    """A probe during which our own process is busy with something else, as a starved one is."""

    host = ""

    def __init__(self, busy_s: float, failures: tuple[Failure, ...] = ()) -> None:
        self._busy_s = busy_s
        self._failures = failures

    async def attempt(self, context: ProbeContext, limit_s: float, *, evidence: bool) -> ProbeResult:
        time.sleep(self._busy_s)
        return ProbeResult(self._busy_s * 1000, self._failures)


@pytest.mark.parametrize(
    ("failures", "outcome"),
    [
        ((), INCONCLUSIVE),
        ((Failure(Blame.SLOW, "too slow"),), INCONCLUSIVE),
        ((Failure(Blame.TARGET, "status 500"),), FAILED),
    ],
)
def test_an_overloaded_prober_is_inconclusive(bench: Bench, failures: tuple[Failure, ...], outcome: Outcome) -> None:
    """What it measured is its own delay; what the target said wrongly stays wrong."""
    bench.settings = ProbeSettings()
    (check,) = bench.read(HTTP.format("a", "http://shop.test/")).checks

    measurement = bench.try_probe(check, Busy(0.3, failures))

    assert measurement.outcome == outcome
    assert ("the prober itself was late by up to" in measurement.reason) is (outcome == INCONCLUSIVE)


class Broken(Busy):
    """A probe with a mistake of ours in it."""

    async def attempt(self, context: ProbeContext, limit_s: float, *, evidence: bool) -> ProbeResult:
        raise ZeroDivisionError("oops")


def test_a_mistake_of_ours_is_told_and_keeps_nobody_waiting(bench: Bench) -> None:
    """It says nothing about the target."""
    (check,) = bench.read(HTTP.format("a", "http://shop.test/")).checks

    measurement = bench.try_probe(check, Broken(0.0))

    assert measurement.outcome == INCONCLUSIVE
    assert measurement.reason == "the prober itself broke: ZeroDivisionError: oops"


class Talkative(Busy):
    """A probe whose evidence cannot be written anywhere."""

    async def attempt(self, context: ProbeContext, limit_s: float, *, evidence: bool) -> ProbeResult:
        return ProbeResult(1.0, evidence_files=(Evidence("body", "text/plain", b"x"),))


def test_evidence_that_cannot_be_written_keeps_nobody_waiting(bench: Bench) -> None:
    """The disk is full, or a file stands where its folder should be: the run ends all the same."""
    (check,) = bench.read(HTTP.format("a", "http://shop.test/")).checks
    (bench.root / "scratch").write_text("in the way")

    measurement = bench.try_probe(check, Talkative(0.0))

    assert measurement.outcome == INCONCLUSIVE
    assert "the prober itself broke: FileExistsError" in measurement.reason


VERDICTS = [
    ((), ProberState(), PASSED),
    ((), ProberState(late_s=0.04), PASSED),
    ((), ProberState(late_s=0.06), INCONCLUSIVE),
    ((Blame.TARGET,), ProberState(lost="no network"), FAILED),
    ((Blame.NETWORK,), ProberState(), FAILED),
    ((Blame.NETWORK,), ProberState(lost="no network"), INCONCLUSIVE),
    ((Blame.SLOW,), ProberState(lost="no network"), FAILED),
    ((Blame.SLOW,), ProberState(late_s=1.0), INCONCLUSIVE),
    ((Blame.SLOW, Blame.TARGET), ProberState(late_s=1.0), FAILED),
    ((Blame.PROBER,), ProberState(), INCONCLUSIVE),
    ((Blame.SETUP, Blame.TARGET), ProberState(), Outcome.SETUP_ERROR),
    ((Blame.WAITING,), ProberState(late_s=1.0), Outcome.SKIPPED),
    ((Blame.SLOW,), ProberState(waited_s=2.0), FAILED),
]


@pytest.mark.parametrize(("blames", "ours", "outcome"), VERDICTS)
def test_the_outcome_follows_from_whose_fault_it_is(
    blames: tuple[Blame, ...], ours: ProberState, outcome: Outcome
) -> None:
    """The first rule that speaks decides."""
    result = ProbeResult(100.0, tuple(Failure(blame, f"because of {blame}") for blame in blames))

    actual, reason = assess(result, ours)

    assert (actual, bool(reason)) == (outcome, outcome != PASSED)


QUEUED = [
    (Failure(Blame.SLOW, "time-out after 0.6 s", is_time_out=True), 2.4, INCONCLUSIVE),
    (Failure(Blame.NETWORK, "time-out after 0.6 s", is_time_out=True), 2.4, INCONCLUSIVE),
    (Failure(Blame.SLOW, "time-out after 3.0 s", is_time_out=True), 0.0, FAILED),
    (Failure(Blame.SLOW, "the whole request took 500 ms"), 2.4, FAILED),
    (Failure(Blame.TARGET, "status 500"), 2.4, FAILED),
]


def test_a_time_out_after_a_short_wait_for_a_turn_is_the_targets() -> None:
    """A silent host is noticed although its probes waited a moment for each other."""
    silent = Failure(Blame.SLOW, "time-out after 2.9 s", is_time_out=True)

    assert assess(ProbeResult(2900.0, (silent,)), ProberState(waited_s=0.1))[0] == FAILED
    assert assess(ProbeResult(2000.0, (silent,)), ProberState(waited_s=1.0))[0] == INCONCLUSIVE


@pytest.mark.parametrize(("failure", "waited_s", "outcome"), QUEUED)
def test_a_time_out_after_a_wait_for_a_turn_is_inconclusive(
    failure: Failure, waited_s: float, outcome: Outcome
) -> None:
    """The queue is ours: only what the target itself did counts against it."""
    actual, reason = assess(ProbeResult(600.0, (failure,)), ProberState(waited_s=waited_s))

    assert actual == outcome
    assert ("waited 2.4 s for a turn" in reason) is (outcome == INCONCLUSIVE)


def test_forty_probes_of_one_slow_host_do_not_fail_for_their_queue(bench: Bench, site: str) -> None:
    """Those whose turn came late are inconclusive; those that had all their time have failed."""
    bench.settings = ProbeSettings(per_host=8, late_s=0.3)
    catalogue = bench.read("".join(HTTP.format(f"p{number}", f"{site}/hang") for number in range(16)))

    with bench.engine(catalogue) as engine:
        first = [begin(engine, bench, check, 0.8) for check in catalogue.checks[:8]]
        later = [begin(engine, bench, check, 1.6) for check in catalogue.checks[8:]]
        ends = [attempt.result(30) for attempt in first], [attempt.result(30) for attempt in later]

    assert {end.outcome for end in ends[0]} <= {FAILED, INCONCLUSIVE}
    assert {end.outcome for end in ends[1]} == {INCONCLUSIVE}
    assert all("for a turn at" in end.reason for end in ends[1])


def test_lateness_does_not_count_where_nothing_is_timed() -> None:
    """A heartbeat looks into the store, however long that takes."""
    silent = ProbeResult(0.0, (Failure(Blame.TARGET, "silent"),), is_timed=False)

    assert assess(ProbeResult(0.0, is_timed=False), ProberState(late_s=5.0)) == (PASSED, "")
    assert assess(silent, ProberState(late_s=5.0))[0] == FAILED


EXHAUSTED = """
import os, resource, sys
from pathlib import Path
from outrider.model import Order, new_run_id
from outrider.probes import Engine, read_probes
from outrider.workspace import load

root = Path(sys.argv[1])
catalogue = read_probes(load(root), {})
with Engine(catalogue.probes) as engine:
    taken = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    spare = int(sys.argv[2])
    try:
        while True:
            taken.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        for descriptor in taken[:spare]:
            os.close(descriptor)
    for check in catalogue.checks:
        measurement = engine.measure(Order(new_run_id(1), check, 1, 5.0, root / "scratch"))
        print(measurement.outcome)
        print(check.name, measurement.reason, file=sys.stderr)
"""


@pytest.mark.slow
@pytest.mark.parametrize("spare", [0, 1, 2])
def test_a_process_without_descriptors_says_so(bench: Bench, site: str, spare: int) -> None:
    """Our own exhaustion says nothing about the target, whichever call it hits."""
    by_name = site.replace("127.0.0.1", "localhost")
    port = site.rpartition(":")[2]
    bench.read(
        HTTP.format("a", f"{site}/")
        + HTTP.format("b", f"{by_name}/")
        + f'[c]\nkind = "tcp"\naddress = "localhost:{port}"\n[d]\nkind = "tls"\naddress = "localhost:{port}"\n'
        + f'[e]\nkind = "udp"\naddress = "localhost:{port}"\nsend = "x"\nexpect.contains = "y"\n'
        + f'[f]\nkind = "websocket"\nurl = "ws://localhost:{port}/"\n'
        + f'[g]\nkind = "grpc"\naddress = "localhost:{port}"\n'
        + '[h]\nkind = "sql"\nurl = "sqlite://"\nquery = "select 1"\n[i]\nkind = "command"\ncommand = ["true"]\n'
    )

    process = subprocess.run(
        [sys.executable, "-c", EXHAUSTED, str(bench.root), str(spare)], capture_output=True, text=True, check=False
    )

    outcomes = process.stdout.splitlines()
    assert len(outcomes) == 9, process.stderr
    assert Outcome.SETUP_ERROR not in outcomes, process.stderr
    if not spare:
        assert set(outcomes) == {"inconclusive"}, process.stderr


def test_a_long_duration_tolerates_more() -> None:
    """A fifth of it, where that is more than the setting."""
    assert not is_late(1_000.0, ProberState(late_s=0.15))
    assert is_late(500.0, ProberState(late_s=0.15))


def test_many_failures_are_told_shortly() -> None:
    """Three, and how many more."""
    failures = tuple(Failure(Blame.TARGET, f"wrong {number}") for number in range(5))

    assert assess(ProbeResult(1.0, failures), ProberState())[1] == "wrong 0; wrong 1; wrong 2 (and 2 more)"


def test_a_name_that_does_not_resolve_is_the_targets_fault(bench: Bench, names: str) -> None:
    """Our name server answers, so that our network is up."""
    host, _, port = names.partition(":")
    bench.network = OwnNetwork(servers=[(host, int(port))])

    measurement = bench.measure(HTTP.format("a", "http://no-such-name.invalid/"))

    assert measurement.outcome == FAILED
    assert "resolve" in measurement.reason


def test_without_a_name_server_our_network_is_down(bench: Bench, dead_port: int) -> None:
    """Nobody could know whether the name exists."""
    bench.network = OwnNetwork(servers=[("127.0.0.1", dead_port)])

    measurement = bench.measure(HTTP.format("a", "http://no-such-name.invalid/"))

    assert measurement.outcome == INCONCLUSIVE
    assert "no name server that this host uses answers" in measurement.reason


@pytest.mark.parametrize(("reachable", "outcome"), [(True, FAILED), (False, INCONCLUSIVE)])
def test_references_tell_whether_our_network_is_up(  # noqa: PLR0917
    bench: Bench, site: str, names: str, dead_port: int, reachable: bool, outcome: Outcome
) -> None:
    """A target that cannot be reached has failed only if one of them can."""
    (check,) = bench.read(HTTP.format("a", "http://shop.test/")).checks
    references = [f"127.0.0.1:{dead_port}", *([site.removeprefix("http://")] if reachable else [])]
    host, _, port = names.partition(":")
    bench.network = OwnNetwork(references, servers=[(host, int(port))])
    unreached = Busy(0.0, (Failure(Blame.NETWORK, "time-out while connecting"),))
    unreached.host = "shop.test"

    measurement = bench.try_probe(check, unreached)

    assert measurement.outcome == outcome
    assert ("no reference can be reached" in measurement.reason) is not reachable


def test_this_machine_needs_no_network(bench: Bench, dead_port: int) -> None:
    """A local target that times out has failed, wherever the cable lies."""
    (check,) = bench.read(HTTP.format("a", "http://shop.test/")).checks
    bench.network = OwnNetwork([f"127.0.0.1:{dead_port}"], servers=[])
    local = Busy(0.0, (Failure(Blame.NETWORK, "time-out while connecting"),))
    local.host = "localhost"

    assert bench.try_probe(check, local).outcome == FAILED


def test_lateness_is_that_of_the_time_asked_for() -> None:
    """What was late before an attempt began is not held against it."""
    import asyncio

    async def measure() -> tuple[float, float]:
        lateness = Lateness()
        first = lateness.begin()
        time.sleep(0.2)
        await asyncio.sleep(0.03)
        second = lateness.begin()
        return lateness.end(first), lateness.end(second)

    late_s, later_s = asyncio.run(measure())

    assert late_s >= 0.15
    assert later_s < late_s


def test_an_engine_that_is_left_leaves_no_thread(bench: Bench, site: str) -> None:
    """Attempts under way are given up."""
    catalogue = bench.read(HTTP.format("a", f"{site}/hang"))

    with bench.engine(catalogue) as engine:
        begin(engine, bench, catalogue.checks[0], 60.0)
        during = [thread.name for thread in threading.enumerate()]

    # By name: the site has a thread for each request, and that of this one may begin or end at any moment.
    assert "probes" in during
    assert "probes" not in [thread.name for thread in threading.enumerate()]
