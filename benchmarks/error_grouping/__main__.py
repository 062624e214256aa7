"""How well errors are grouped, on the cases of `cases.py`: one cause in one issue, and never two causes.

`python -m benchmarks.error_grouping` prints both shares, what missed them, and how fast events are grouped. The rules
of grouping were written beside `cases.txt`, and not changed for `unseen.txt`. Both are examples, not a sample of what
users meet.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from benchmarks.error_grouping.cases import CAUSES, UNSEEN, Cause

from outrider.errors import group

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOGETHER = 0.95
_APART = 0.98


def main() -> None:
    """Print the shares and the cases that miss them."""
    for title, causes in (("cases", CAUSES), ("cases that the rules were not written for", UNSEEN)):
        _print(title, causes)
    print(f"grouped: {_rate():,.0f} events/s of CPU")


def _print(title: str, causes: Sequence[Cause]) -> None:
    issues: dict[str, set[str]] = defaultdict(set)
    for cause in causes:
        for event in cause.events:
            issues[group(event).key].add(cause.name)
    events = sum(len(cause.events) for cause in causes)
    together = sum(_in_largest(cause) for cause in causes) / events
    split = [cause.name for cause in causes if len({group(event).key for event in cause.events}) > 1]
    mixed = [names for names in issues.values() if len(names) > 1]
    apart = 1 - len(mixed) / len(issues)
    print(f"{title}: {len(causes)} causes, {events} events, {len(issues)} issues")
    print(f"  events in their cause's largest issue: {together:.3f} (target >= {_TOGETHER})")
    print(f"  causes in one issue: {len(causes) - len(split)} of {len(causes)}; split: {', '.join(split) or 'none'}")
    print(f"  issues of a single cause: {apart:.3f} (target >= {_APART}); mixed: {mixed or 'none'}")


def _in_largest(cause: Cause) -> int:
    return Counter(group(event).key for event in cause.events).most_common(1)[0][1]


def _rate() -> float:
    began, rounds = time.process_time(), 200
    for _ in range(rounds):
        for cause in CAUSES:
            for event in cause.events:
                group(event)
    return rounds * sum(len(cause.events) for cause in CAUSES) / (time.process_time() - began)


if __name__ == "__main__":
    main()
