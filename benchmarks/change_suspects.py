"""How often what changed is named as the cause of a problem: `python -m benchmarks.change_suspects [TRIALS [SEED]]`.

Of each kind of change some come by chance in four weeks: releases, new versions, events, loads, certificates, new
errors, log patterns of a day, incidents, DNS answers, changes of the prober; of moves of metrics in three days, of
scripts in one. A check runs every minute. Either nothing of that caused its problem, or one more change did: the
problem begins within two minutes after it, the first bad run is up to a minute later, and a new error follows in half
of the cases. Printed are how often a change stands out where none was the cause (wanted: 5 % at most), and how often
the cause stands out first, by how many changes of its kind came by chance.
"""

from __future__ import annotations

import random
import sys

from outrider.causes import Change, ChangeKind, Changes, change_suspects

MINUTE_US = 60_000_000
DAY_US = 1440 * MINUTE_US
WATCHED_US = 28 * DAY_US
BEGAN_US = 100 * DAY_US
RATES = {
    ChangeKind.RELEASE: 40.0, ChangeKind.VERSION: 80.0, ChangeKind.EVENT: 20.0, ChangeKind.LOAD: 28.0,
    ChangeKind.ADDRESS: 8.0, ChangeKind.PROBER: 12.0,
    ChangeKind.METRIC: 6.0, ChangeKind.PROBER_LOAD: 2.0, ChangeKind.ASSET: 1.0,
    ChangeKind.CERTIFICATE: 0.5, ChangeKind.ISSUE: 60.0, ChangeKind.PATTERN: 4.0, ChangeKind.INCIDENT: 30.0,
}  # fmt: skip
"""How many come by chance in the time in which they are watched."""

WATCHED = {
    ChangeKind.PATTERN: DAY_US, ChangeKind.ASSET: DAY_US, ChangeKind.METRIC: 3 * DAY_US,
    ChangeKind.PROBER_LOAD: 3 * DAY_US,
}  # fmt: skip
"""Which are watched for less than four weeks."""

MADE = (ChangeKind.RELEASE, ChangeKind.VERSION, ChangeKind.EVENT)


def played(chance: random.Random, cause: ChangeKind | None, count: float) -> tuple[list[Changes], Change | None]:
    """Return what changed, and the change that was the cause."""
    made = None
    histories = []
    for kind, usual in RATES.items():
        watched_us = WATCHED.get(kind, WATCHED_US)
        mean = count if kind is cause else usual
        times = [BEGAN_US + 10 * MINUTE_US - round(chance.random() * watched_us) for _ in range(poisson(chance, mean))]
        changes = [Change(at_us, "by chance") for at_us in times]
        if kind is cause:
            made = Change(BEGAN_US - round(chance.uniform(0, 3) * MINUTE_US), "the cause")
            changes.append(made)
        if cause and kind is ChangeKind.ISSUE and chance.random() < 0.5:
            changes.append(Change(BEGAN_US + round(chance.uniform(0, 1) * MINUTE_US), "follows"))
        histories.append(Changes(kind, changes, watched_us))
    return histories, made


def poisson(chance: random.Random, mean: float) -> int:
    """Return how many come."""
    count, at = 0, chance.expovariate(1.0)
    while at < mean:
        count, at = count + 1, at + chance.expovariate(1.0)
    return count


def main(trials: int = 5_000, seed: int = 21) -> None:
    """Print how often a change stands out."""
    chance = random.Random(seed)
    wrong = 0
    for _ in range(trials):
        suspects = change_suspects(played(chance, None, 0.0)[0], BEGAN_US, MINUTE_US)
        wrong += bool(suspects) and suspects[0].stands_out
    print(f"no cause among the changes: one stands out in {wrong / trials:.1%}")
    for count in (1.0, 10.0, 40.0, 100.0, 400.0):
        print(f"{count:g} others of its kind in four weeks: {first_in(trials, chance, MADE, count)}")
    others = tuple(kind for kind in RATES if kind not in MADE and not kind.is_sign)
    for is_short, counts in ((False, (1.0, 10.0, 40.0)), (True, (0.0, 1.0, 3.0))):
        kinds = tuple(kind for kind in others if (kind in WATCHED) is is_short)
        for count in counts:
            print(f"of {', '.join(kinds)}, {count:g} others while watched: {first_in(trials, chance, kinds, count)}")


def first_in(trials: int, chance: random.Random, causes: tuple[ChangeKind, ...], count: float) -> str:
    """Return how often a cause stands out first, among so many others of its kind."""
    first = none = 0
    for number in range(trials):
        histories, made = played(chance, causes[number % len(causes)], count)
        suspects = change_suspects(histories, BEGAN_US, MINUTE_US)
        stands_out = bool(suspects) and suspects[0].stands_out
        first += stands_out and suspects[0].change is made
        none += not stands_out
    other = trials - first - none
    shares = f"{first / trials:.1%}, none in {none / trials:.1%}, another one in {other / trials:.1%}"
    return f"the cause stands out first in {shares}"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
