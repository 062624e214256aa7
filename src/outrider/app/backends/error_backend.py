"""Issues and releases, as commands ask for them: of the workspace of this machine, or of a server."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from outrider.app.access.server_client import in_path
from outrider.app.access.workspace_access import now_us
from outrider.app.backends.api_records import (
    issue_key_of,
    issue_note_of,
    issue_of,
    release_health_of,
    suspect_commit_of,
    text_of_moment,
)
from outrider.app.errors.issue_actions import change_issues, find_issue, list_issues
from outrider.model import Excerpt, UsageError, event_from_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.app.access.server_client import ServerClient
    from outrider.dashboard import HealthList
    from outrider.errors import SuspectCommit
    from outrider.model import DashboardRecords, ErrorEvent, Issue, IssueKey, IssueNote
    from outrider.workspace import Workspace

_DAY_US = 86_400_000_000
_WEEK_HOURS = 7 * 24
_OF_ONE = frozenset({"comment", "split"})


@dataclass(frozen=True, slots=True)
class ShownIssue:
    """An issue with one of its events, None where none is kept; notes, the earliest first; and commits to suspect."""

    issue: Issue
    event: ErrorEvent | None
    keys: tuple[IssueKey, ...]
    notes: tuple[IssueNote, ...]
    commits: tuple[SuspectCommit, ...]


class ErrorBackend(Protocol):
    """Answers commands about errors."""

    def issues(self, text: str, limit: int) -> Excerpt[Issue]:
        """Return the issues that a query finds."""
        ...

    def issue(self, name: str, event: str, *, is_personal: bool) -> ShownIssue:
        """Return an issue with the event of an id, or its last one.

        Args:
            name: Its number.
            event: The id; "" for the last one.
            is_personal: Whether a server is asked for user and request, too, which it notes; a store has them anyway.

        Raises:
            UsageError: unknown-issue, unknown-event.
        """
        ...

    def change(self, action: str, names: Sequence[str], inputs: Mapping[str, str], author: str) -> str:
        """Do something to issues, see `change_issues`; return a line that says what was done."""
        ...

    def release_health(self, *, days: float, environment: str, limit: int) -> HealthList:
        """Return what sessions of releases came to within so many days, those seen last first."""
        ...


class LocalErrors:
    """Implements `ErrorBackend` by a workspace and its store."""

    def __init__(self, workspace: Workspace, store: DashboardRecords) -> None:
        self._workspace = workspace
        self._store = store

    def issues(self, text: str, limit: int) -> Excerpt[Issue]:
        """Return the issues that a query finds."""
        return list_issues(self._store, text, limit)

    def issue(self, name: str, event: str, *, is_personal: bool) -> ShownIssue:  # noqa: ARG002 - has all of it
        """Return an issue with the event of an id, or its last one."""
        errors, issue = self._store.errors, find_issue(self._store, name, hours=_WEEK_HOURS)
        kept = errors.events(issue.id, 1)
        place = errors.event(event or (kept[0].id if kept else ""))
        sent = place.event if place is not None and place.issue == issue.id else None
        if event and sent is None:
            raise _unknown_event(event, name)
        from outrider.dashboard import issue_suspects  # noqa: PLC0415 - lists need none of it

        commits = issue_suspects(self._store, issue, sent)[1]
        return ShownIssue(issue, sent, errors.keys(issue.id), errors.notes(issue.id), commits)

    def change(self, action: str, names: Sequence[str], inputs: Mapping[str, str], author: str) -> str:
        """Do something to issues; return a line that says what was done."""
        return change_issues(self._store, action, names, inputs, author=author)

    def release_health(self, *, days: float, environment: str, limit: int) -> HealthList:
        """Return what sessions of releases came to within so many days, those seen last first."""
        from outrider.app.lookup.telemetry_access import open_telemetry  # noqa: PLC0415 - commands about issues
        from outrider.dashboard import release_health  # noqa: PLC0415 - need neither

        since_us = now_us() - round(days * _DAY_US)
        if self._workspace.telemetry is None:
            return release_health(self._store, None, now_us(), since_us, environment, limit=limit)
        with ExitStack() as opened:
            return release_health(
                self._store, lambda: opened.enter_context(open_telemetry(self._workspace)), now_us(), since_us,
                environment, limit=limit,
            )  # fmt: skip


class RemoteErrors:
    """Implements `ErrorBackend` by a server; users and requests of events are masked there, unless asked for."""

    def __init__(self, client: ServerClient) -> None:
        self._client = client

    def issues(self, text: str, limit: int) -> Excerpt[Issue]:
        """Return the issues that a query finds."""
        with self._client.readable():
            items = self._client.items("/errors", {"q": text}, cursor="page")
            return Excerpt.within(map(issue_of, islice(items, limit + 1)), limit)

    def issue(self, name: str, event: str, *, is_personal: bool) -> ShownIssue:
        """Return an issue with the event of an id, or its last one."""
        body = self._client.read(f"/errors/{in_path(name.removeprefix('#'))}")
        with self._client.readable():
            issue, kept = issue_of(body["issue"]), body["kept"]
            wanted = event or next(iter(kept), "")
            whole = "/personal" if is_personal else ""
            sent = self._client.read(f"/error-events/{in_path(wanted)}{whole}") if wanted else None
            if event and (sent is None or sent["issue"] != issue.id):
                raise _unknown_event(event, name)
            shown = event_from_json(sent["event"]) if sent else None
            keys, notes = map(issue_key_of, body["keys"]), map(issue_note_of, body["history"])
            commits = tuple(map(suspect_commit_of, body["commits"]))
            return ShownIssue(issue, shown, tuple(keys), tuple(notes), commits)

    def change(self, action: str, names: Sequence[str], inputs: Mapping[str, str], author: str) -> str:
        """Do something to issues by the token's name; return a line that says what was done."""
        if author:
            fix = "leave out --by, or use the command in the workspace's folder"
            raise UsageError("--by cannot be given to a server", slug="not-remote", fix=fix)
        if action in _OF_ONE:
            answer = self._client.act(f"/errors/{in_path(names[0].removeprefix('#'))}/{action}", inputs)
        else:
            answer = self._client.act("/errors", {**inputs, "action": action, "issues": "\n".join(names)})
        with self._client.readable():
            return str(answer["id"])

    def release_health(self, *, days: float, environment: str, limit: int) -> HealthList:
        """Return what sessions of releases came to within so many days, those seen last first."""
        since = text_of_moment(now_us() - round(days * _DAY_US)) or ""
        body = self._client.read("/release-health", {"since": since, "environment": environment, "limit": str(limit)})
        from outrider.dashboard import HealthList  # noqa: PLC0415 - commands about issues need none of it

        with self._client.readable():
            releases = Excerpt(map(release_health_of, body["items"]), is_complete=not body["more"])
            return HealthList(releases, body["visits_unknown"] or "")


def _unknown_event(event: str, issue: str) -> UsageError:
    what = f"no event {event[:40]} of issue {issue[:40]} is kept"
    return UsageError(what, slug="unknown-event", fix="outrider errors show ISSUE shows its last one")
