"""The workspace of this machine, as commands ask it; each method imports no more than it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.app.access.audit_trail import current_user, list_changes
from outrider.app.access.selection import (
    empty_export_note,
    one_check,
    stored_checks,
    unknown_check_note,
    unknown_environment_note,
    unknown_location_note,
)
from outrider.app.access.setting_overrides import WorkspaceSettings
from outrider.app.access.workspace_access import judge_settings
from outrider.app.records.annotation_log import annotate, list_annotations, remove_annotation
from outrider.app.records.check_control import pause_checks, request_runs, resume_checks
from outrider.app.records.release_marks import list_releases, mark_release
from outrider.app.records.stored_runs import list_runs, stored_run
from outrider.model import HERE
from outrider.runs import level_changes
from outrider.workspace import parse_setting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.alerts import Incident, SilenceEffect
    from outrider.app.access.listeners import ProgressListener
    from outrider.app.alerting.oncall_shifts import OnCallShift
    from outrider.app.alerting.stored_incidents import IncidentList
    from outrider.app.backends.error_backend import LocalErrors
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
    from outrider.store import Store
    from outrider.workspace import SettingState, Workspace


class LocalBackend:
    """Implements `Backend` by a workspace and its store."""

    def __init__(self, workspace: Workspace, store: Store) -> None:
        self.workspace = workspace
        self.store = store

    @property
    def errors(self) -> LocalErrors:
        """Issues of errors, and what sessions say of releases."""
        from outrider.app.backends.error_backend import LocalErrors  # noqa: PLC0415 - other commands need none of it

        return LocalErrors(self.workspace, self.store)

    @property
    def timezone(self) -> str:
        """IANA name of the workspace's time zone."""
        return self.workspace.timezone

    def runs(
        self, pattern: str, *, outcome: Outcome | None, location: str | None = None, limit: int
    ) -> Excerpt[RunSummary]:
        """Return runs of the checks that fit a pattern, of one location if it is named, the latest first."""
        return list_runs(self.store.runs, pattern, outcome=outcome, location=location, limit=limit)

    def unknown_check_note(self, pattern: str) -> str:
        """Return that no stored check fits a pattern, and what may have been meant; empty otherwise."""
        return unknown_check_note(self.store.checks, pattern)

    def run(self, name: str) -> StoredRun:
        """Return one run by its id, or a unique beginning or end of it."""
        return stored_run(self.store.runs, name)

    def status(self) -> ServiceStatus:
        """Return how the service and the checks do."""
        from outrider.app.records.service_state import service_status  # noqa: PLC0415 - dear

        return service_status(self.workspace, self.store)

    def request_runs(self, patterns: Sequence[str], location: str | None) -> tuple[RequestedRun, ...]:
        """Request immediate runs in a location, "local" if none is named."""
        return request_runs(self.store, patterns, location=location or HERE)

    def location_note(self, location: str) -> str:
        """Return that nothing ran or is to run at a location, and what may have been meant; empty otherwise."""
        with_workers = self.store.locations.names()
        return "" if location in with_workers else unknown_location_note(self.workspace, self.store.tables, location)

    def pause(self, patterns: Sequence[str], reason: str) -> tuple[CheckId, ...]:
        """Pause checks."""
        return pause_checks(self.store, patterns, reason=reason)

    def resume(self, patterns: Sequence[str]) -> Mapping[CheckId, bool]:
        """Resume checks; return of each whether it was paused."""
        return resume_checks(self.store, patterns)

    def incidents(self, *, include_resolved: bool, listener: ProgressListener) -> IncidentList:
        """Return the incidents that last, or all of the last thirty days."""
        from outrider.app.alerting.stored_incidents import list_incidents  # noqa: PLC0415 - dear

        return list_incidents(self.workspace, self.store, include_resolved=include_resolved, listener=listener)

    def incident(self, name: str) -> tuple[Incident, tuple[Comment, ...]]:
        """Return one incident by its id, or a unique beginning or end of it, and the comments on it."""
        from outrider.app.alerting.stored_incidents import find_stored_incident  # noqa: PLC0415 - dear

        named = find_stored_incident(self.store.incidents, name)
        return named, tuple(self.store.incidents.comments(named.id))

    def explanation(self, incident: Incident) -> tuple[str, ...]:
        """Return where the extra time of an incident's step is, a line each; nothing of other problems."""
        from outrider.app.lookup.incident_explanation import explain_incident  # noqa: PLC0415 - dear

        return explain_incident(self.workspace, self.store, incident)

    def acknowledge(self, incident: str, *, author: str, resolve: bool, comment: str = "") -> tuple[Incident, str]:
        """Acknowledge an incident, or resolve it, with a comment; return it as it was, and who did so."""
        from outrider.app.alerting.stored_incidents import (  # noqa: PLC0415 - dear
            acknowledge_incident,
            comment_on_incident,
            find_incident,
        )

        author = author or current_user()
        if comment:
            named = find_incident(self.store.incidents, incident).id
            comment_on_incident(self.store, named, comment, author=author)
        return acknowledge_incident(self.store, incident, author=author, resolve=resolve), author

    def assign(self, incident: str, name: str, *, author: str) -> tuple[Incident, str]:
        """Assign an incident, to nobody if `name` is empty; return it as it was, and who did so."""
        from outrider.app.alerting.stored_incidents import assign_incident  # noqa: PLC0415 - dear

        author = author or current_user()
        return assign_incident(self.store, incident, name, author=author), author

    def comment(self, incident: str, text: str, *, author: str) -> tuple[Incident, str]:
        """Comment on an incident; return it, and who did so."""
        from outrider.app.alerting.stored_incidents import comment_on_incident  # noqa: PLC0415 - dear

        author = author or current_user()
        return comment_on_incident(self.store, incident, text, author=author), author

    def silences(self) -> tuple[Silence, ...]:
        """Return the silences that have not ended."""
        from outrider.app.alerting.silences import list_silences  # noqa: PLC0415 - dear

        return list_silences(self.store.silences)

    def silence(
        self, matchers: Sequence[str], *, length_s: float, starts_us: int | None, author: str, comment: str
    ) -> SilenceEffect:
        """Silence what fulfils all matchers; return what that mutes."""
        from outrider.app.alerting.silences import preview_silence, silence_incidents  # noqa: PLC0415 - dear

        effect = preview_silence(self.workspace, self.store.incidents, matchers)
        silence_incidents(
            self.store.silences, matchers,
            audit=self.store.audit, length_s=length_s, starts_us=starts_us, author=author, comment=comment,
        )  # fmt: skip
        return effect

    def end_silence(self, silence: str) -> None:
        """End a silence now."""
        from outrider.app.alerting.silences import end_silence  # noqa: PLC0415 - dear

        end_silence(self.store.silences, silence, self.store.audit)

    def releases(self, environment: str | None) -> tuple[Release, ...]:
        """Return the releases of an environment, or of all, the earliest first."""
        return list_releases(self.store.judgements, environment)

    def mark_release(
        self, name: str, *, at_us: int | None, environment: str | None, accept: bool, commits: str = ""
    ) -> None:
        """Mark a deploy; `commits` are those of `git log --name-only`."""
        mark_release(
            self.workspace, self.store.judgements, name,
            audit=self.store.audit, at_us=at_us, environment=environment, accept=accept, commits=commits,
            commit_log=self.store.commits,
        )  # fmt: skip

    def environment_note(self, environment: str) -> str:
        """Return that nothing ran or is to run in an environment, and what may have been meant; empty otherwise."""
        return unknown_environment_note(self.workspace, self.store.tables, environment)

    def shifts(self, days: int) -> Mapping[str, tuple[OnCallShift, ...]]:
        """Return who is on call in each rotation, now and in the days ahead."""
        from outrider.app.alerting.oncall_shifts import shifts_ahead  # noqa: PLC0415 - dear

        return shifts_ahead(self.workspace, days=days)

    def settings(self) -> tuple[SettingState, ...]:
        """Return the switches and levels that can be changed while the service runs."""
        return self._settings.all()

    def change_setting(self, name: str, text: str, *, author: str) -> None:
        """Set a switch or level beside the file to what was typed."""
        self._settings.change(name, parse_setting(name, text), author=author)

    def reset_setting(self, name: str) -> None:
        """Let the file decide on a setting again."""
        self._settings.reset(name)

    @property
    def _settings(self) -> WorkspaceSettings:
        return WorkspaceSettings(self.workspace.root, self.store)

    def level_changes(self, pattern: str) -> Sequence[LevelChange]:
        """Return the lasting level changes of the stored checks that fit a pattern, the latest first."""
        checks = stored_checks(self.store.checks, pattern)
        return level_changes(self.store, checks, settings=judge_settings(self.workspace))

    def annotations(self) -> tuple[Annotation, ...]:
        """Return the latest annotations, the latest first."""
        return list_annotations(self.store.annotations)

    def annotate(self, text: str, *, at_us: int | None, check: str | None, matchers: Sequence[str], author: str) -> str:
        """Note a text, on one check if it is named; return that no check has these labels, or nothing."""
        from outrider.app.alerting.silences import preview_silence  # noqa: PLC0415 - dear

        wanted = [*([f"check={one_check(self.store.checks, check)}"] if check else []), *matchers]
        is_nowhere = matchers and not preview_silence(self.workspace, self.store.incidents, wanted).checks
        annotate(self.store.annotations, text, wanted, audit=self.store.audit, at_us=at_us, author=author)
        return "no check has these labels now, so the annotation is on no page" if is_nowhere else ""

    def remove_annotation(self, annotation: str) -> None:
        """Remove an annotation, by its id or a unique beginning or end of it."""
        remove_annotation(self.store.annotations, annotation, audit=self.store.audit)

    def views(self) -> tuple[SavedView, ...]:
        """Return all saved views, by page and name."""
        from outrider.app.records.saved_views import list_views  # noqa: PLC0415 - reads queries, as those below

        return list_views(self.store.views)

    def save_view(self, page: ViewPage, name: str, query: str) -> None:
        """Save a query of a page under a name, in the place of the view that has it."""
        from outrider.app.records.saved_views import save_view  # noqa: PLC0415

        save_view(self.store.views, page, name, query, audit=self.store.audit)

    def remove_view(self, page: ViewPage, name: str) -> None:
        """Remove a saved view."""
        from outrider.app.records.saved_views import remove_view  # noqa: PLC0415

        remove_view(self.store.views, page, name, audit=self.store.audit)

    @property
    def frames(self) -> FrameReader:
        """Stored rows as DataFrames."""
        from outrider.app.backends.workspace_handle import OpenWorkspace  # noqa: PLC0415 - dear

        return OpenWorkspace(self.workspace, self.store).frames

    def empty_export_note(self, pattern: str, metric: str) -> str:
        """Return which name is the reason that there are no rows; empty if both stand for some."""
        return empty_export_note(self.store.tables, pattern, metric)

    def changes(self, limit: int) -> Excerpt[AuditEntry]:
        """Return who changed what, the latest first."""
        return list_changes(self.store.audit, limit)
