"""Port: errors as they were sent, and their issues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from outrider.model.error_event import ErrorEvent
    from outrider.model.excerpt import Excerpt
    from outrider.model.issue import (
        AddedEvent,
        ErrorRules,
        EventPlace,
        Issue,
        IssueId,
        IssueKey,
        IssueLife,
        IssueNote,
        IssueQuery,
        IssueState,
        KeptEvent,
        TagCount,
    )


class ErrorLog(Protocol):
    """Issues, and events of each: the first, the last, and a fair sample; all are counted."""

    def add(self, events: Sequence[ErrorEvent], rules: ErrorRules = ...) -> tuple[AddedEvent, ...]:
        """Group events and store them, all of them or, on an error, none; return what became of each, in their order.

        An event whose id was stored within the last seven days changes nothing.
        """
        ...

    def built(self, releases: Collection[str] | None, limit: int = 1_000) -> Sequence[ErrorEvent]:
        """Return the latest kept events of scripts, of some releases or, for None, of all."""
        ...

    def regroup(self, events: Sequence[ErrorEvent], rules: ErrorRules, note: IssueNote) -> tuple[IssueId, ...]:
        """Replace kept events by what they say with source maps, and group them anew; return the issues that changed.

        Each of those gets a note that says what became of it. An issue whose events lead to one other issue is merged
        with it; where they lead to several, the most frequent cause keeps the issue, and the others are split off. The
        keys before still lead to it.
        """
        ...

    def list(self, query: IssueQuery, limit: int = 100, *, hours: int = 24) -> Excerpt[Issue]:
        """Return the issues that fit a query, each with its events of the last `hours` hours."""
        ...

    def count(self, query: IssueQuery) -> Mapping[IssueState, int]:
        """Return how many issues fit a query in each state, whichever states it names."""
        ...

    def issue(self, issue: IssueId, now_us: int, *, hours: int = 24) -> Issue | None:
        """Return an issue, or the one that it was merged into; None if there is none."""
        ...

    def keys(self, issue: IssueId) -> tuple[IssueKey, ...]:
        """Return the keys that lead to an issue, the one seen first first."""
        ...

    def tags(self, issue: IssueId) -> tuple[TagCount, ...]:
        """Return the values of its tags, by name, and of each name the most frequent first."""
        ...

    def events(self, issue: IssueId, limit: int = 100) -> Excerpt[KeptEvent]:
        """Return the events that are kept, the latest first."""
        ...

    def event(self, event: str) -> EventPlace | None:
        """Return an event that is kept by its id; None if there is none."""
        ...

    def of_traces(self, trace_ids: Collection[str], limit: int = 100) -> Excerpt[KeptEvent]:
        """Return the kept events of up to 1,000 traces, the latest first."""
        ...

    def of_ids(self, event_ids: Collection[str], limit: int = 100) -> Excerpt[KeptEvent]:
        """Return those of up to 1,000 events that are kept, the latest first."""
        ...

    def notes(self, issue: IssueId, limit: int = 200) -> tuple[IssueNote, ...]:
        """Return its history and comments, the earliest first; of too many the latest."""
        ...

    def decide(self, issues: Collection[IssueId], life: IssueLife, note: IssueNote) -> tuple[IssueId, ...]:
        """Give issues a state, and note who did it; return those that are there.

        `events_before` is filled in for each.
        """
        ...

    def assign(self, issues: Collection[IssueId], assignee: str, note: IssueNote) -> tuple[IssueId, ...]:
        """Assign issues to somebody, "" for nobody; return those that are there."""
        ...

    def comment(self, issue: IssueId, note: IssueNote) -> bool:
        """Add a comment; return false if there is no such issue."""
        ...

    def merge(self, into: IssueId, others: Collection[IssueId], note: IssueNote) -> tuple[IssueId, ...]:
        """Make one issue of several, with all their events, keys and counts; return those that were merged into it."""
        ...

    def split(self, issue: IssueId, key: str, note: IssueNote) -> IssueId | None:
        """Make an issue of its own of what came by one of several keys; None if the key is not, or is the only one.

        Its events and their number go with it; tags, users and hours before stay with the other one.
        """
        ...
