"""A load that is under way: its seconds so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.model import RunId, title_of

if TYPE_CHECKING:
    from outrider.dashboard.sources import Sources
    from outrider.model import CheckId, LoadSecond

_SILENT_US = 10_000_000
_MOST_SECONDS = 3_600
LOAD_TOPIC = "load "
"""What the topic of such a page begins with; its check's id follows."""


@dataclass(frozen=True, slots=True)
class RunningLoad:
    """A load that is under way.

    Attributes:
        run: What its page is called now, and when the load is over.
        seconds: So far, the latest last; at most an hour.
        silent_s: How long nothing was heard of it; 0 while it goes on.
    """

    run: RunId
    check: CheckId
    title: str
    seconds: tuple[LoadSecond, ...]
    silent_s: float

    @property
    def last(self) -> LoadSecond:
        """Its last second."""
        return self.seconds[-1]


def running_load(sources: Sources, name: str) -> RunningLoad | None:
    """Return a load by the id that its run will have; None if nobody knows of it."""
    seconds = sources.store.load_progress.seconds(RunId(name), _MOST_SECONDS)
    if not seconds:
        return None
    check, now_us = seconds[-1].check, sources.now_us()
    title = next((known.title for known in sources.checks() or () if known.id == check), title_of(check))
    silent_us = now_us - seconds[-1].at_us
    return RunningLoad(RunId(name), check, title, seconds, silent_us / 1e6 if silent_us > _SILENT_US else 0.0)


def running_loads(sources: Sources, check: CheckId) -> tuple[RunId, ...]:
    """Return the runs of a check's loads that are under way."""
    recent = sources.store.load_progress.latest(sources.now_us() - _SILENT_US)
    return tuple(second.run for second in recent if second.check == check)
