"""How many incidents one cause makes, and how often two causes are joined: `python -m benchmarks.shared_cause [PAIRS]`.

A shop of forty services, each of which calls up to three others, is watched by 50 checks that enter it somewhere. A
service fails: it, and all that call it, send errors at once, of one to three issues each, and fail more often than
usual after five minutes; each check whose path meets it fails, on a host and with a message of its own, and after a
quarter of an hour a page of users. The traces of runs, errors and visits name the service and the issues; those of a
fifth of the errors are not known. Releases come by chance, forty in four weeks, and are named where one stands out.
First one cause that 50 checks, 3 services and 1,000 errors show; wanted: one incident that notifies, and one message.
Then PAIRS (200) of services that fail within ten minutes of each other, neither of which calls the other or is met by
the other's checks; wanted: joined in 5 % at most.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from dataclasses import dataclass, field, replace

from outrider.alerts import AlertSettings, Incident, Problem
from outrider.alerts.finding import Facts, Finding, FindingKey, problem_labels
from outrider.alerts.incident_tracker import IncidentTracker
from outrider.alerts.route import Route
from outrider.causes import JOINING_CHANCE, Change, ChangeKind, Changes, change_suspects
from outrider.model import Subject

NOW_US = 1_800_000_000_000_000
SECOND_US = 1_000_000
SERVICES, CHECKS = 40, 50
DAY_US = 86_400 * SECOND_US
LOOKS_S = 6, 36
"""After how long errors are looked up, and told at the latest."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A service that fails: who calls it, the issues that come, and the checks that fail.

    Attributes:
        checks: Numbers of the checks.
        releases: What stands out of the releases before it.
    """

    service: str
    callers: tuple[str, ...]
    issues: tuple[int, ...]
    checks: tuple[int, ...]
    at_us: int = NOW_US
    releases: tuple[str, ...] = ()

    def sender(self, issue: int) -> str:
        """Return the service that an issue is of."""
        failing = self.service, *self.callers
        return failing[issue % len(failing)]

    @property
    def named(self) -> tuple[str, ...]:
        """What its traces name."""
        return (f"service:{self.service}", *(f"issue:{number}" for number in self.issues[:100]), *self.releases)


@dataclass(slots=True)
class World:
    """A tracker, and what causes each incident has."""

    tracker: IncidentTracker = field(
        default_factory=lambda: IncidentTracker(AlertSettings(route=Route(receivers=("mail",))), workspace="shop")
    )
    now_us: int = NOW_US
    sent: Counter[str] = field(default_factory=Counter)

    def until(self, at_us: int) -> None:
        """Let time pass, a tick a second."""
        while self.now_us < at_us:
            self.now_us += SECOND_US
            self.tracker.tick(self.now_us)
            self.sent.update(row.kind for row in self.tracker.changes().notifications)

    def standing(self) -> list[Incident]:
        """Return the incidents that notify."""
        lasting = [own for own in self.tracker.incidents.values() if own.phase.lasts]
        return [own for own in lasting if not self.tracker.why_muted(own, self.now_us, lasting)]


def finding(problem: Problem, subject: str, at_us: int, causes: tuple[str, ...], *, once: bool = False) -> Finding:
    """Return what is seen of a subject that is not well."""
    labels = {**problem_labels(problem), "check": subject}
    if problem is not Problem.ISSUE:
        labels["environment"] = "production"
    environment = labels.get("environment", "")
    key = FindingKey(problem, Subject(subject), environment, "local" if not once else "")
    return Finding(key, True, at_us, Facts(f"{subject} fails", title=subject), causes, labels, once=once)


def play(world: World, faults: list[Fault]) -> None:
    """Let faults happen, in the order of time: errors at once, checks twice, services and pages later."""
    steps: list[tuple[int, int, Fault]] = []
    for fault in faults:
        steps += [(fault.at_us + after_s * SECOND_US, after_s, fault) for after_s in (1, 5, 7, 15, 37, 300, 850)]
    for at_us, after_s, fault in sorted(steps, key=lambda own: own[0]):
        world.until(at_us)
        tracker, now_us = world.tracker, world.now_us
        match after_s:
            case 1:
                for number in fault.issues:
                    causes = f"errors:{fault.sender(number)}", f"subject:issue:{number}"
                    tracker.observe([finding(Problem.ISSUE, f"issue:{number}", now_us, causes, once=True)], now_us)
                for own in of_errors(world, fault):
                    tracker.await_explanation(own.id, now_us + (LOOKS_S[1] - 1) * SECOND_US)
            case 7 | 37:
                look_up_errors(world, fault, is_due=after_s > LOOKS_S[1])
            case 300:
                services_fail(world, fault)
            case 850:
                page_fails(world, fault)
            case _:
                check_runs(world, fault)


def look_up_errors(world: World, fault: Fault, *, is_due: bool) -> None:
    """Explain the errors, four fifths of them by their traces."""
    for own in of_errors(world, fault):
        number = int(own.checks[0].partition(":")[2])
        named = fault.named if number % 5 else (f"service:{fault.sender(number)}",)
        world.tracker.explain(own.id, (), named, is_due=is_due)


def services_fail(world: World, fault: Fault) -> None:
    """Let a service and its callers fail more often than usual."""
    for service in (fault.service, *fault.callers):
        suffered = () if service == fault.service else (f"subject:service:{fault.service}",)
        causes = (*suffered, f"subject:service:{service}")
        seen = finding(Problem.FAILURE, f"service:{service}", world.now_us, causes, once=True)
        world.tracker.observe([seen], world.now_us)


def page_fails(world: World, fault: Fault) -> None:
    """Let a page of users show errors."""
    page = f"page:shop /{fault.service}"
    seen = finding(Problem.FAILURE, page, world.now_us, (f"subject:{page}",), once=True)
    world.tracker.observe([replace(seen, facts=replace(seen.facts, since_us=fault.at_us))], world.now_us)
    for own in list(world.tracker.incidents.values()):
        if page in own.checks:
            world.tracker.explain(own.id, (), fault.named)


def of_errors(world: World, fault: Fault) -> list[Incident]:
    """Return the incidents of a fault's errors."""
    mine = {f"issue:{number}" for number in fault.issues}
    return [own for own in world.tracker.incidents.values() if own.problem is Problem.ISSUE and mine & set(own.checks)]


def check_runs(world: World, fault: Fault) -> None:
    """Let the checks fail; what is open then is explained by the traces of its runs."""
    tracker, now_us = world.tracker, world.now_us
    for number in fault.checks:
        causes = (f"host:host-{number}.example", f"step:step {number}", f"fault:message {number}")
        tracker.observe([finding(Problem.FAILURE, f"journey:{number}", now_us, causes)], now_us)
    mine = {f"journey:{number}" for number in fault.checks}
    for incident in list(tracker.incidents.values()):
        if incident.phase.lasts and mine & set(incident.checks):
            tracker.explain(incident.id, (), fault.named)


def one_cause() -> None:
    """Print what one cause makes of 50 checks, 3 services and 1,000 errors."""
    world = World()
    play(world, [Fault("pay", ("cart", "front"), tuple(range(1, 1_001)), tuple(range(CHECKS)))])
    world.until(world.now_us + 60 * SECOND_US)
    standing = world.standing()
    total = sum(own.phase.lasts for own in world.tracker.incidents.values())
    first = standing[0].problem.value if standing else "none"
    print(
        f"one cause, {CHECKS} checks, 3 services, 1,000 issues: {len(standing)} incident that notifies ({first}),",
        end=" ",
    )
    print(f"{total - len(standing)} folded below it; notifications: {dict(world.sent)}")


def pairs(trials: int, chance: random.Random) -> None:
    """Print how often two causes that overlap in time are joined."""
    joined = several = 0
    for _ in range(trials):
        calls = {
            number: {chance.randrange(number + 1, SERVICES) for _ in range(chance.randrange(4))}
            if number < SERVICES - 1
            else set()
            for number in range(SERVICES)
        }
        reached = {number: reach(calls, number) for number in calls}
        first, second = apart(reached, chance)
        released = [NOW_US - round(chance.random() * 28 * DAY_US) for _ in range(40)]
        faults = []
        for place, own in enumerate((first, second)):
            fault = fault_of(own, reached, chance, NOW_US + place * chance.randrange(600) * SECOND_US, place)
            faults.append(replace(fault, releases=standing_out(released, fault.at_us)))
        world = World()
        play(world, faults)
        world.until(world.now_us + 30 * SECOND_US)
        count = len(world.standing())
        joined += count < 2
        several += count > 2
    print(f"of {trials} pairs of causes, joined wrongly: {joined / trials:.1%};", end=" ")
    print(f"more than two incidents that notify: {several / trials:.1%}")


def standing_out(released: list[int], at_us: int) -> tuple[str, ...]:
    """Return the release that stands out before a fault, if one does, of all kinds of changes that are watched."""
    changes = [Change(own, f"v{place}") for place, own in enumerate(released)]
    others = [Changes(kind, (), 28 * DAY_US) for kind in ChangeKind if kind is not ChangeKind.RELEASE]
    suspects = change_suspects([Changes(ChangeKind.RELEASE, changes, 28 * DAY_US), *others], at_us, 10 * SECOND_US)
    near = (own for own in suspects if own.stands_out and own.chance <= JOINING_CHANCE)
    return tuple(f"release:{own.change.text}" for own in near)


def reach(calls: dict[int, set[int]], start: int) -> set[int]:
    """Return a service and all that it calls, directly or not."""
    seen, ahead = {start}, [start]
    while ahead:
        ahead += (fresh := calls[ahead.pop()] - seen)
        seen |= fresh
    return seen


def apart(reached: dict[int, set[int]], chance: random.Random) -> tuple[int, int]:
    """Return two services that no service depends on both of."""
    while True:
        first, second = chance.sample(sorted(reached), 2)
        if not any({first, second} <= own for own in reached.values()):
            return first, second


def fault_of(service: int, reached: dict[int, set[int]], chance: random.Random, at_us: int, place: int) -> Fault:
    """Return the fault of a service: who depends on it, and the checks that enter there."""
    callers = [number for number, own in reached.items() if service in own and number != service]
    entries = [service, *callers]
    checks = [number for number in range(place, CHECKS, 2) if chance.randrange(SERVICES) < 4 * len(entries)] or [place]
    issues = range(1_000 * place + 1, 1_000 * place + 2 + len(entries) * chance.randint(1, 3))
    return Fault(f"s{service}", tuple(f"s{number}" for number in callers), tuple(issues), tuple(checks), at_us)


def main(trials: int = 200) -> None:
    """Print both."""
    one_cause()
    pairs(trials, random.Random(6))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
