"""An issue with one of its events: stack, context, counts, history; as a page, and for the API."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final

from outrider.charts import draw_sparkline
from outrider.dashboard.api_values import instant
from outrider.dashboard.issue_list import TONES, IssueItem, issue_item, state_of
from outrider.dashboard.outside_links import code_link, commit_link
from outrider.dashboard.page_addresses import errors_path, issue_path, replay_path, run_path, trace_path
from outrider.dashboard.page_templates import render
from outrider.dashboard.period_slots import DAY_US
from outrider.dashboard.session_links import session_links
from outrider.errors import suspect_commits
from outrider.model import ErrorUser, IssueId, Role, UsageError, release_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.sources import Sources
    from outrider.errors import SuspectCommit
    from outrider.model import (
        DashboardRecords,
        ErrorEvent,
        ErrorException,
        EventAttachment,
        EventPlace,
        Issue,
        IssueKey,
        IssueNote,
        KeptEvent,
        Release,
        StackFrame,
        TagCount,
        TraceLink,
    )

_HOURS: Final = 7 * 24
_DIGITS: Final = 18
_MOST_EVENTS: Final = 60
_SHOWN_VALUES: Final = 6
_SHOWN_CRUMBS: Final = 60
_MOST_LINES: Final = 11
_VISIBLE: Final = 2
"""So many characters of what tells a user from others are shown."""
_HIDDEN_BEFORE: Final = "***"
_HARMLESS: Final = frozenset({
    "accept", "accept-encoding", "accept-language", "cache-control", "connection", "content-length", "content-type",
    "host", "user-agent",
})  # fmt: skip
"""Headers of a request that tell nothing of a person."""
_OF_ANSWER: Final = frozenset({"body", "cookies", "data", "headers"})
"""What an event's context `response` may hold of a person."""


@dataclass(frozen=True, slots=True)
class FrameGroup:
    """Frames that follow each other, the innermost first; those of libraries are folded."""

    frames: tuple[StackFrame, ...]
    is_folded: bool


@dataclass(frozen=True, slots=True)
class ShownException:
    """An exception of a chain; `first` is the place of its first frame among those that begin unfolded."""

    exception: ErrorException
    groups: tuple[FrameGroup, ...]


@dataclass(frozen=True, slots=True)
class TagValues:
    """The values of a tag, the most frequent first: value, events, and their share of all."""

    name: str
    values: tuple[tuple[str, int, float], ...]
    more: int


@dataclass(frozen=True, slots=True)
class IssueDetail:
    """An issue, and the event that is looked at, if one is kept; `suspect` is the release that may have brought it,
    `commits` those of it that changed files of the stack.
    """

    issue: Issue
    place: EventPlace | None
    events: tuple[KeptEvent, ...]
    keys: tuple[IssueKey, ...]
    tags: tuple[TagCount, ...]
    notes: tuple[IssueNote, ...]
    links: tuple[TraceLink, ...]
    suspect: Release | None = None
    commits: tuple[SuspectCommit, ...] = ()
    attachments: tuple[EventAttachment, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyItem:
    """A key that leads to an issue, and how many of its events came by it."""

    key: str
    version: int
    reason: str
    parts: tuple[str, ...]
    events: int
    first_seen: str | None
    last_seen: str | None


@dataclass(frozen=True, slots=True)
class TagItem:
    """How many events had a value of a tag; null for all values that are not counted."""

    name: str
    value: str | None
    events: int


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """What somebody did, `by` is empty for Outrider itself; or a comment."""

    at: str | None
    by: str
    action: str
    text: str


@dataclass(frozen=True, slots=True)
class CommitItem:
    """A commit of the release that an issue was first seen in, and the file of the stack that it changed."""

    id: str
    author: str
    at: str
    subject: str
    file: str
    function: str


@dataclass(frozen=True, slots=True)
class IssueBody:
    """An issue; `keys` lead to it, `tags` are counted, `history` has decisions and comments, `kept` ids of events."""

    issue: IssueItem
    keys: tuple[KeyItem, ...]
    tags: tuple[TagItem, ...]
    history: tuple[HistoryItem, ...]
    kept: tuple[str, ...]
    commits: tuple[CommitItem, ...]


@dataclass(frozen=True, slots=True)
class AttachmentItem:
    """A file that came along with an event; operators save it from the event's page."""

    name: str
    media_type: str
    bytes: int


@dataclass(frozen=True, slots=True)
class EventBody:
    """An event that is kept; `before` and `after` are the ids of its neighbours."""

    issue: int
    event: dict[str, object]
    before: str
    after: str
    attachments: tuple[AttachmentItem, ...]


def issue_detail(sources: Sources, name: str, event: str = "") -> IssueDetail:
    """Return an issue, with the event of this id, or the last one that is kept.

    Raises:
        UsageError: unknown-issue, unknown-event.
    """
    errors = sources.store.errors
    is_number = name.isascii() and name.isdigit() and len(name) <= _DIGITS
    issue = errors.issue(IssueId(int(name)), sources.now_us(), hours=_HOURS) if is_number else None
    if issue is None:
        raise UsageError(f"there is no issue {name[:40]}", slug="unknown-issue", fix="outrider errors lists them")
    events = errors.events(issue.id, _MOST_EVENTS)
    place = errors.event(event or (events[0].id if events else ""))
    if place is not None and place.issue != issue.id:
        place = None
    if event and place is None:
        raise UsageError(
            f"no event {event[:40]} of this issue is kept",
            slug="unknown-event",
            fix=f"outrider errors show {issue.id} shows the last one",
        )
    links = sources.store.trace_links.of_traces([place.event.trace_id], limit=5) if place is not None else ()
    suspect, commits = issue_suspects(sources.store, issue, place.event if place is not None else None)
    attachments = sources.store.attachments.of(place.event.id) if place is not None else ()
    keys, tags, notes = errors.keys(issue.id), errors.tags(issue.id), errors.notes(issue.id)
    return IssueDetail(issue, place, events, keys, tags, notes, tuple(links), suspect, commits, attachments)


def issue_suspects(
    store: DashboardRecords, issue: Issue, event: ErrorEvent | None
) -> tuple[Release | None, tuple[SuspectCommit, ...]]:
    """Return the release that may have brought an issue, and its commits that changed files of an event's stack."""
    suspect = suspect_release(issue.first_us, event.environment if event else "", store.judgements.releases())
    name = release_number(issue.first_release or (suspect.name if suspect else ""))
    return suspect, suspect_commits(event, store.commits.of(name)) if name and event else ()


def suspect_release(first_us: int, environment: str, releases: Iterable[Release]) -> Release | None:
    """Return the release that went live last in the day before an issue was first seen; None if none did.

    Args:
        first_us: When the issue was first seen.
        environment: Of its events; "" for any.
        releases: Those that are marked.
    """
    near = (own for own in releases if first_us - DAY_US <= own.at_us <= first_us)
    fit = (own for own in near if environment in {"", own.environment})
    return max(fit, key=lambda own: own.at_us, default=None)


def api_issue(sources: Sources, name: str) -> IssueBody:
    """Return an issue for the API.

    Raises:
        UsageError: unknown-issue.
    """
    detail = issue_detail(sources, name)
    return IssueBody(
        issue_item(detail.issue, sources.now_us()),
        tuple(
            KeyItem(
                key.key, key.version, key.reason, key.parts, key.events, instant(key.first_us), instant(key.last_us)
            )
            for key in detail.keys
        ),
        tuple(TagItem(tag.name, tag.value, tag.events) for tag in detail.tags),
        tuple(HistoryItem(instant(note.at_us), note.author, note.action, note.text) for note in detail.notes),
        tuple(event.id for event in detail.events),
        tuple(
            CommitItem(own.commit.id, own.commit.author, own.commit.at, own.commit.subject, own.file, own.function)
            for own in detail.commits
        ),
    )  # fmt: skip


def api_event(sources: Sources, event: str, *, is_personal: bool = False) -> EventBody:
    """Return an event for the API; its user and request whole only if `is_personal`.

    Raises:
        UsageError: unknown-event.
    """
    place = sources.store.errors.event(event)
    if place is None:
        fix = "outrider errors lists issues, and outrider errors show ISSUE shows the last event of one"
        raise UsageError(f"no event {event[:40]} is kept", slug="unknown-event", fix=fix)
    files = sources.store.attachments.of(place.event.id)
    attachments = tuple(AttachmentItem(own.name, own.media_type, own.bytes) for own in files)
    shown = place.event if is_personal else masked(place.event, sources.personal_role)
    return EventBody(place.issue, asdict(shown), place.before, place.after, attachments)


def masked(event: ErrorEvent, role: Role) -> ErrorEvent:
    """Return an event whose user cannot be recognised, without what its request held of them.

    Args:
        event: As it is kept.
        role: The one that sees all of it; what is hidden says so.
    """

    def hidden(text: str) -> str:
        return f"hidden: the role {role.value} sees it" if text.strip(_HIDDEN_BEFORE) else text

    user, request, contexts = event.user, event.request, dict(event.contexts)
    headers = {
        name: text if name.lower() in _HARMLESS else hidden(text) for name, text in request.headers.items()
    }  # fmt: skip
    if "response" in contexts:
        answer = contexts["response"].items()
        contexts["response"] = {name: hidden(text) if name in _OF_ANSWER else text for name, text in answer}
    return replace(
        event,
        user=ErrorUser(_mask(user.id), _mask(user.email), _mask(user.name), _mask(user.address)),
        request=replace(request, query=hidden(request.query), headers=headers, body=hidden(request.body)),
        contexts=contexts,
    )


def _mask(text: str) -> str:
    """Return the first characters of a text, and of a mail address its domain."""
    if not text.strip(_HIDDEN_BEFORE):
        return text  # hidden when it came in
    local, at, domain = text.partition("@")
    return f"{local[:_VISIBLE]}•••{at}{domain}" if text else ""


def frame_groups(frames: Sequence[StackFrame]) -> tuple[FrameGroup, ...]:
    """Return frames, the innermost first; those of libraries between the application's own are folded together."""
    groups: list[FrameGroup] = []
    has_own = any(frame.in_app for frame in frames)
    for frame in reversed(frames):
        is_folded = has_own and not frame.in_app
        if groups and groups[-1].is_folded == is_folded:
            groups[-1] = FrameGroup((*groups[-1].frames, frame), is_folded)
        else:
            groups.append(FrameGroup((frame,), is_folded))
    return tuple(groups)


def source_lines(frame: StackFrame) -> list[tuple[int, str]]:
    """Return the lines of a frame with their numbers; none where no client sent them."""
    if not frame.source:
        return []
    first = frame.line - len(frame.before)
    return [(first + index, text) for index, text in enumerate((*frame.before, frame.source, *frame.after))]


def tag_values(tags: Iterable[TagCount]) -> list[TagValues]:
    """Return the values of each tag with their shares."""
    by_name: dict[str, list[TagCount]] = {}
    for tag in tags:
        by_name.setdefault(tag.name, []).append(tag)
    return [_tag(name, counts) for name, counts in by_name.items()]


def _tag(name: str, counts: Sequence[TagCount]) -> TagValues:
    total = sum(count.events for count in counts) or 1
    named = [count for count in counts if count.value is not None]
    values = tuple((count.value or "", count.events, count.events / total) for count in named[:_SHOWN_VALUES])
    return TagValues(name, values, total - sum(events for _, events, _ in values))


def _replay_of(sources: Sources, event: ErrorEvent) -> str:
    """Return the path of the replay of the session in which an event happened; "" if none is kept.

    Sentry's client names it with the event, or, where the replay began with the error, the event with the replay.
    """
    replays, contexts = sources.store.replays, event.contexts
    named = (
        contexts.get("session", {}).get("id"), contexts.get("replay", {}).get("replay_id"), event.tags.get("replayId"),
    )  # fmt: skip
    sessions = [name.replace("-", "").lower() for name in named if isinstance(name, str) and name]
    session = next(iter(sorted(replays.among(sessions))), "") or replays.of_event(event.id, event.at_us)
    return replay_path(session) if session else ""


def _attached(event: ErrorEvent) -> Iterator[str]:
    """Yield what a client says with an event, and of what was before: its console, for one."""
    yield event.message
    for values in (event.tags, event.extra, *event.contexts.values()):
        yield from values.values()
    yield from (crumb.message for crumb in event.breadcrumbs)


def issue_page(sources: Sources, detail: IssueDetail, context: PageContext, *, is_personal: bool = False) -> str:
    """Return the page of an issue; user and request of its event are shown whole only if `is_personal`."""
    issue, sent = detail.issue, detail.place.event if detail.place is not None else None
    event = masked(sent, sources.personal_role) if sent is not None and not is_personal else sent
    shown = [ShownException(own, frame_groups(own.frames)) for own in reversed(event.exceptions)] if event else []
    now_us = sources.now_us()
    values = {
        "detail": detail, "issue": issue, "event": event, "state": state_of(issue, now_us), "tones": TONES,
        "exceptions": shown, "threads": [(own, frame_groups(own.frames)) for own in event.threads] if event else [],
        "tag_values": tag_values(detail.tags), "source_lines": source_lines, "path": issue_path(issue.id),
        "list_path": errors_path, "run_path_of": run_path, "trace_path_of": trace_path,
        "crumbs": tuple(reversed(event.breadcrumbs))[:_SHOWN_CRUMBS] if event else (),
        "chart": draw_sparkline([float(own) for own in issue.hours], f"by hour, {max(issue.hours)} at most"),
        "raw": json.dumps(asdict(event), indent=1, ensure_ascii=False)[:200_000] if event else "",
        "run_of": _run_of(detail), "replay": _replay_of(sources, event) if event else "",
        "elsewhere": session_links(_attached(event)) if event else (),
        "saved": context.files.saved if context.files is not None else None,
        "commit_of": lambda own: commit_link(sources.code_url, own.commit.id, own.file),
        "code_of": lambda frame: code_link(sources.code_url, frame, event.release) if event else "",
        "history": tuple(reversed(detail.notes)), "has_telemetry": context.has_telemetry,
        "is_personal": is_personal, "is_masked": event != sent, "personal_role": sources.personal_role.value,
        "may_open": bool(context.viewer.role) and Role(context.viewer.role).covers(sources.personal_role),
    }  # fmt: skip
    return render("issue.html", context, values)


def _run_of(detail: IssueDetail) -> str:
    """Return the run that met an event; empty if none did, or its trace leads there. No client can claim it."""
    event = detail.place.event if detail.place is not None and detail.place.event.origin else None
    run = event.contexts.get("outrider", {}).get("run", "") if event is not None else ""
    return run if run not in {link.run for link in detail.links} else ""
