"""What the locations of each check say: it is down when enough of those that measure it do. No I/O of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from outrider.model import Check, CheckId, Run, RunSummary

_SECOND_US = 1_000_000
_CRON_S = 2 * 86_400.0
_LEAST_S = 120.0
_SILENT = {Outcome.SKIPPED, Outcome.MISSED, Outcome.INCONCLUSIVE, Outcome.SETUP_ERROR}


@dataclass(frozen=True, slots=True)
class Votes:
    """What the locations of a check that were measured lately say.

    Attributes:
        needed: How many have to be bad for the check to be down.
    """

    bad: tuple[str, ...] = ()
    good: tuple[str, ...] = ()
    needed: int = 1

    @property
    def are_enough(self) -> bool:
        """Whether the check is down."""
        return len(self.bad) >= self.needed

    @property
    def is_single(self) -> bool:
        """Whether there is no other location that could say otherwise."""
        return len(self.bad) + len(self.good) <= 1

    @property
    def summary(self) -> str:
        """What they say, in words; empty for a single one."""
        if self.is_single or not self.bad:
            return ""
        if not self.good:
            return f"in all {len(self.bad)} locations"
        alone = " alone" if len(self.good) == 1 and len(self.bad) > 1 else ""
        return f"in {', '.join(self.bad)}, and works in {', '.join(self.good)}{alone}"


class LocationVotes:
    """Remembers the last conclusive run of each check by location; used by one thread at a time.

    Args:
        earlier: What is stored of a run's check and environment, due since a time (microseconds UTC) and not after the
            run. It is asked once for each check, so that a service that starts again knows what it knew.
    """

    def __init__(self, earlier: Callable[[Run, int], Iterable[RunSummary]] = lambda _run, _since_us: ()) -> None:
        self._earlier = earlier
        self._latest: dict[tuple[CheckId, str], dict[str, tuple[bool, int]]] = {}

    def votes(self, run: Run, check: Check | None) -> Votes:
        """Take a run, and return what all locations of its check say then; a run that says nothing changes nothing."""
        places = self._latest.get((run.check, run.environment))
        if places is None:
            places = self._latest[run.check, run.environment] = {}
            if check is not None and len(check.policy.locations) > 1:
                for summary in self._earlier(run, _oldest_us(check, run.due_us)):
                    _note(places, summary)
        _note(places, run)
        if check is None:
            return Votes((run.location,) if run.outcome is Outcome.FAILED else ())
        known = _recent(places, check, run.due_us)
        bad = tuple(sorted(name for name, is_bad in known.items() if is_bad))
        good = tuple(sorted(name for name, is_bad in known.items() if not is_bad))
        wanted = check.policy.down_in or len(known) // 2 + 1
        return Votes(bad, good, max(1, min(wanted, len(known))))


def _note(places: dict[str, tuple[bool, int]], run: Run | RunSummary) -> None:
    _, latest_us = places.get(run.location, (False, run.due_us))
    if run.outcome not in _SILENT and run.due_us >= latest_us:  # a worker may deliver late what it measured before
        places[run.location] = (run.outcome is Outcome.FAILED, run.due_us)


def _oldest_us(check: Check, at_us: int) -> int:
    """Return since when a location has to be measured to have a say: three periods."""
    policy = check.policy
    seconds = _CRON_S if policy.cron else max(_LEAST_S, 3 * policy.every_s + policy.timeout_s)
    return at_us - round(seconds * _SECOND_US)


def _recent(places: Mapping[str, tuple[bool, int]], check: Check, at_us: int) -> dict[str, bool]:
    """Return whether each location is bad that was measured lately."""
    oldest_us = _oldest_us(check, at_us)
    return {
        name: is_bad
        for name, (is_bad, due_us) in places.items()
        if due_us >= oldest_us and name in check.policy.locations
    }
