"""Which events of an issue are kept whole: the first, the last, and a fair sample of those between. Pure.

The sample is Vitter's reservoir (algorithm R, https://doi.org/10.1145/3147.3165): each event of an issue is in it with
the same probability. Chance comes from the event's id, so that a repeated transaction decides the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

SAMPLED: Final = 30
FIRST: Final = "first"
LAST: Final = "last"


@dataclass(slots=True)
class EventSample:
    """The events of an issue that are kept, by id, as events come.

    Attributes:
        events: How many there were so far.
        sample: Ids of those that are neither the first nor the last.
        removed: Ids that were kept before and are not any more.
    """

    events: int = 0
    first: str = ""
    last: str = ""
    sample: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def add(self, event: str, weight: int = 1) -> None:
        """Take an event: it is the first or the last one, and what was the last may stay in the sample."""
        self.events += weight
        if not self.first:
            self.first = event
            return
        if self.last:
            self._offer(self.last)
        self.last = event

    def position(self, event: str) -> str | None:
        """Return as what an event is kept; None if it is not."""
        if event == self.first:
            return FIRST
        if event == self.last:
            return LAST
        return "" if event in self.sample else None

    def _offer(self, event: str) -> None:
        """Keep what was the last event with the probability of all those before it."""
        if len(self.sample) < SAMPLED:
            self.sample.append(event)
            return
        place = int.from_bytes(sha256(event.encode()).digest()[:8]) % max(1, self.events - 2)
        if place < SAMPLED:
            self.removed.append(self.sample[place])
            self.sample[place] = event
        else:
            self.removed.append(event)
