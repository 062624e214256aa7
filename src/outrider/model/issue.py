"""Issues: errors of one cause, and what people decided about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NewType

from outrider.model.locale import counted

if TYPE_CHECKING:
    from outrider.model.error_event import ErrorEvent

IssueId = NewType("IssueId", int)
"""Counted from 1; people write it as `#17`."""


class IssueState(StrEnum):
    """Where an issue stands; `Outcome` is the word for runs."""

    NEW = "new"
    ONGOING = "ongoing"
    REGRESSED = "regressed"  # it was resolved, and happened again
    ESCALATING = "escalating"  # it was ignored, and became more than that
    RESOLVED = "resolved"
    IGNORED = "ignored"


class Arrival(StrEnum):
    """What an event did to its issue."""

    NEW = "new issue"
    ONGOING = "ongoing"
    REGRESSED = "regressed"
    ESCALATED = "escalated"
    IGNORED = "ignored"
    RESOLVED = "of a release before the fix"
    REPEATED = "stored before"


NEXT_RELEASE = "next"
"""As `IssueLife.fixed_in`: whichever release is seen first after the decision."""


@dataclass(frozen=True, slots=True)
class IgnoredUntil:
    """When an ignored issue is nobody's any more: at the first of these; all None for never.

    Attributes:
        until_us: At a time.
        events: After so many further events.
        users: After so many users were met in all.
        hourly: Once an hour has more events than this, which was usual when somebody ignored it.
    """

    until_us: int | None = None
    events: int | None = None
    users: int | None = None
    hourly: int | None = None


@dataclass(frozen=True, slots=True)
class IssueLife:
    """What was decided about an issue, and what it did since.

    Attributes:
        since_us: When it reached its state.
        fixed_in: For `RESOLVED`: a release, `NEXT_RELEASE`, or "" for at once.
        ignored: For `IGNORED`.
        events_before: For `IGNORED`: how many events there were at the decision.
    """

    state: IssueState = IssueState.NEW
    since_us: int = 0
    fixed_in: str = ""
    ignored: IgnoredUntil | None = None
    events_before: int = 0


@dataclass(frozen=True, slots=True)
class Grouping:
    """Why events belong together.

    Attributes:
        version: Of the rules of grouping.
        key: 32 hexadecimal digits: equal keys of a project are one issue.
        reason: What a reader is told after "grouped by".
        parts: What the key is made of, a line each.
    """

    version: int
    key: str
    reason: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FingerprintRule:
    """Events that match are grouped by `fingerprint`; `{{ default }}` in it stands for what it would be without.

    Every condition that is not empty has to match, all by shell patterns (`*`, `?`, `[…]`); see `fnmatch`.

    Attributes:
        type: Of any exception of the chain.
        message: Of the event or of any exception's value.
        path: Of any frame.
        module: Of any frame.
        service: Of the event.
        where: Where the rule is written, for readers.
    """

    fingerprint: tuple[str, ...]
    type: str = ""
    message: str = ""
    path: str = ""
    module: str = ""
    service: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class OwnerRule:
    """New issues that match are assigned; conditions are those of `FingerprintRule`."""

    owner: str
    path: str = ""
    module: str = ""
    service: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class ErrorRules:
    """Rules of a workspace; of each kind the first that matches holds."""

    fingerprints: tuple[FingerprintRule, ...] = ()
    owners: tuple[OwnerRule, ...] = ()


@dataclass(frozen=True, slots=True)
class AddedEvent:
    """What became of an event.

    Attributes:
        is_kept: Whether the event is kept whole; it is counted in any case.
    """

    event: str
    issue: IssueId
    arrival: Arrival
    is_kept: bool


@dataclass(frozen=True, slots=True)
class Issue:
    """Errors of one cause.

    Attributes:
        title: The type of the exception that was raised, or the message.
        value: What it said, of the event seen last.
        culprit: Where: the route, or module and function.
        events: How many there were, those among them that are not kept.
        users: How many different users, exact up to 256, and by an estimate (+- 6 %) beyond.
        assignee: Empty for nobody.
        hours: Events by hour, the earliest first, as many hours as were asked for.
        environments: In which its events were; those of no environment, or of too many, are not counted here.
    """

    id: IssueId
    project: int
    title: str
    value: str
    culprit: str
    level: str
    platform: str
    service: str
    first_us: int
    last_us: int
    events: int
    users: int
    life: IssueLife
    assignee: str = ""
    first_release: str = ""
    last_release: str = ""
    grouping: Grouping = field(default_factory=lambda: Grouping(0, "", ""))
    hours: tuple[int, ...] = ()
    environments: tuple[TagCount, ...] = ()

    @property
    def reach(self) -> str:
        """How often it happened, and to how many users where any is told, for a reader."""
        users = f", {counted(self.users, 'user')}" if self.users else ""
        return f"{counted(self.events, 'event')}{users}"


@dataclass(frozen=True, slots=True)
class IssueKey:
    """A key of an issue, and how many of its events came by it."""

    key: str
    version: int
    reason: str
    parts: tuple[str, ...]
    events: int
    first_us: int
    last_us: int


@dataclass(frozen=True, slots=True)
class TagCount:
    """How many events of an issue had a value of a tag; `value` is None for all that are not counted by value."""

    name: str
    value: str | None
    events: int
    last_us: int


@dataclass(frozen=True, slots=True)
class IssueNote:
    """What somebody, or an event, did to an issue; a comment is one, too.

    Attributes:
        action: `comment`, `resolve`, `ignore`, `reopen`, `assign`, `merge`, `split`, `symbolicate`, `regressed` or
            `escalated`.
        author: Who did it; empty for Outrider itself.
        text: The comment, or a few words more.
    """

    at_us: int
    author: str
    action: str
    text: str

    @property
    def past(self) -> str:
        """What was done, in the past tense, for readers."""
        return _PAST.get(self.action, self.action)


_PAST: Final = {
    "resolve": "resolved", "ignore": "ignored", "reopen": "reopened", "assign": "assigned", "merge": "merged",
    "split": "split off", "symbolicate": "symbolicated", "comment": "commented",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """An event that is kept, in a list.

    Attributes:
        position: As `first`, `last`, or empty for one of the sample.
        issue: Whose event it is.
    """

    id: str
    at_us: int
    release: str
    environment: str
    user: str
    trace_id: str
    message: str
    position: str = ""
    issue: IssueId = IssueId(0)


@dataclass(frozen=True, slots=True)
class EventPlace:
    """An event that is kept, and its neighbours by time: their ids, "" at the ends."""

    event: ErrorEvent
    issue: IssueId
    before: str
    after: str


class IssueOrder(StrEnum):
    """By what issues are listed, the largest or latest first."""

    LAST_SEEN = "last"
    FIRST_SEEN = "first"
    EVENTS = "events"
    USERS = "users"


@dataclass(frozen=True, slots=True)
class IssueQuery:
    """Which issues are asked for; every condition that is set has to hold.

    Attributes:
        states: In one of these, at `now_us`; empty for all.
        text: In the title, the value or the culprit, whatever the case.
        tags: Values of tags that events of it had; `release` and `environment` are tags.
        project: 0 for any.
        assignee: None for any, "" for nobody.
        since_us: Seen since then.
        new_since_us: First seen since then.
        offset: How many to leave out.
    """

    now_us: int
    states: frozenset[IssueState] = frozenset()
    text: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    project: int = 0
    service: str = ""
    level: str = ""
    assignee: str | None = None
    since_us: int = 0
    new_since_us: int = 0
    order: IssueOrder = IssueOrder.LAST_SEEN
    offset: int = 0
