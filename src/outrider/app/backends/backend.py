"""What commands ask: the workspace of this machine, or a server; both answer with the same values."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from outrider.app.access.workspace_access import find_workspace, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outrider.alerts import Incident, SilenceEffect
    from outrider.app.access.listeners import ProgressListener
    from outrider.app.alerting.oncall_shifts import OnCallShift
    from outrider.app.alerting.stored_incidents import IncidentList
    from outrider.app.backends.error_backend import ErrorBackend
    from outrider.app.backends.remote_backend import RemoteBackend
    from outrider.app.records.check_control import RequestedRun
    from outrider.app.records.service_state import ServiceStatus
    from outrider.frames import FrameReader
    from outrider.model import (
        Annotation,
        AuditEntry,
        CheckId,
        Comment,
        Excerpt,
        Outcome,
        Release,
        RunSummary,
        SavedView,
        Silence,
        StoredRun,
        ViewPage,
    )
    from outrider.runs import LevelChange
    from outrider.workspace import SettingState


class Backend(Protocol):
    """Answers commands. Names that mean nothing raise a `UsageError` of the same slug everywhere.

    Attributes:
        timezone: IANA name of the zone in which people read times.
        author: Who acts, if a command names nobody; empty where that is known after an action only.
    """

    @property
    def errors(self) -> ErrorBackend:
        """Issues of errors, and what sessions say of releases."""
        ...

    @property
    def timezone(self) -> str:
        """IANA name of the zone in which people read times."""
        ...

    def runs(
        self, pattern: str, *, outcome: Outcome | None, location: str | None = None, limit: int
    ) -> Excerpt[RunSummary]:
        """Return runs of the checks that fit a pattern, of one location if it is named, the latest first."""
        ...

    def unknown_check_note(self, pattern: str) -> str:
        """Return that no check fits a pattern, and what may have been meant; empty otherwise."""
        ...

    def run(self, name: str) -> StoredRun:
        """Return one run by its id, or a unique beginning or end of it."""
        ...

    def status(self) -> ServiceStatus:
        """Return how the service and the checks do."""
        ...

    def request_runs(self, patterns: Sequence[str], location: str | None) -> tuple[RequestedRun, ...]:
        """Request immediate runs; the first location of each check if none is named."""
        ...

    def location_note(self, location: str) -> str:
        """Return that nothing runs at a location, and what may have been meant; empty otherwise."""
        ...

    def pause(self, patterns: Sequence[str], reason: str) -> tuple[CheckId, ...]:
        """Pause checks."""
        ...

    def resume(self, patterns: Sequence[str]) -> Mapping[CheckId, bool]:
        """Resume checks; return of each whether it was paused."""
        ...

    def incidents(self, *, include_resolved: bool, listener: ProgressListener) -> IncidentList:
        """Return the incidents that last, or all of the last thirty days."""
        ...

    def incident(self, name: str) -> tuple[Incident, tuple[Comment, ...]]:
        """Return one incident by its id, or a unique beginning or end of it, and the comments on it."""
        ...

    def explanation(self, incident: Incident) -> tuple[str, ...]:
        """Return where the extra time of an incident's step is, a line each; nothing of other problems."""
        ...

    def acknowledge(self, incident: str, *, author: str, resolve: bool, comment: str = "") -> tuple[Incident, str]:
        """Acknowledge an incident, or resolve it, with a comment; return it as it was, and who did so."""
        ...

    def assign(self, incident: str, name: str, *, author: str) -> tuple[Incident, str]:
        """Assign an incident, to nobody if `name` is empty; return it as it was, and who did so."""
        ...

    def comment(self, incident: str, text: str, *, author: str) -> tuple[Incident, str]:
        """Comment on an incident; return it, and who did so."""
        ...

    def silences(self) -> tuple[Silence, ...]:
        """Return the silences that have not ended."""
        ...

    def silence(
        self, matchers: Sequence[str], *, length_s: float, starts_us: int | None, author: str, comment: str
    ) -> SilenceEffect:
        """Silence what fulfils all matchers; return what that mutes."""
        ...

    def end_silence(self, silence: str) -> None:
        """End a silence now."""
        ...

    def releases(self, environment: str | None) -> tuple[Release, ...]:
        """Return the releases of an environment, or of all, the earliest first."""
        ...

    def mark_release(
        self, name: str, *, at_us: int | None, environment: str | None, accept: bool, commits: str = ""
    ) -> None:
        """Mark a deploy; `commits` are those of `git log --name-only`."""
        ...

    def environment_note(self, environment: str) -> str:
        """Return that nothing runs in an environment, and what may have been meant; empty otherwise."""
        ...

    def shifts(self, days: int) -> Mapping[str, tuple[OnCallShift, ...]]:
        """Return who is on call in each rotation, now and in the days ahead."""
        ...

    def settings(self) -> tuple[SettingState, ...]:
        """Return the switches and levels that can be changed while the service runs."""
        ...

    def change_setting(self, name: str, text: str, *, author: str) -> None:
        """Set a switch or level beside the file to what was typed."""
        ...

    def reset_setting(self, name: str) -> None:
        """Let the file decide on a setting again."""
        ...

    def changes(self, limit: int) -> Excerpt[AuditEntry]:
        """Return who changed what, the latest first."""
        ...

    def level_changes(self, pattern: str) -> Sequence[LevelChange]:
        """Return the lasting level changes of the checks that fit a pattern, the latest first."""
        ...

    def annotations(self) -> tuple[Annotation, ...]:
        """Return the latest annotations, the latest first."""
        ...

    def annotate(self, text: str, *, at_us: int | None, check: str | None, matchers: Sequence[str], author: str) -> str:
        """Note a text, on one check if it is named; return a warning, or nothing."""
        ...

    def remove_annotation(self, annotation: str) -> None:
        """Remove an annotation, by its id or a unique beginning or end of it."""
        ...

    def views(self) -> tuple[SavedView, ...]:
        """Return all saved views, by page and name."""
        ...

    def save_view(self, page: ViewPage, name: str, query: str) -> None:
        """Save a query of a page under a name, in the place of the view that has it."""
        ...

    def remove_view(self, page: ViewPage, name: str) -> None:
        """Remove a saved view."""
        ...

    @property
    def frames(self) -> FrameReader:
        """Stored rows as DataFrames."""
        ...

    def empty_export_note(self, pattern: str, metric: str) -> str:
        """Return which name is the reason that there are no rows; empty if both stand for some."""
        ...


@contextmanager
def open_backend() -> Iterator[Backend]:
    """Open the workspace that the current folder lies in.

    Raises:
        ConfigError: If there is no workspace.
    """
    from outrider.app.backends.local_backend import LocalBackend  # noqa: PLC0415 - imports what a server's client does not

    workspace = find_workspace()
    with open_store(workspace) as store:
        yield LocalBackend(workspace, store)


def ask_server(server: str, token: str) -> RemoteBackend:
    """Return what asks a server by its address; token may be empty.

    Raises:
        UsageError: bad-server.
    """
    from outrider.app.access.server_client import server_client  # noqa: PLC0415
    from outrider.app.backends.remote_backend import RemoteBackend  # noqa: PLC0415 - most commands ask a workspace

    return RemoteBackend(server_client(server, token))
