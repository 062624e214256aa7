"""What people do on pages and through the API, by the same functions as at the command line."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from outrider.alerts import read_incidents, silence_effect
from outrider.app.access.typed_values import duration_s, moment_us
from outrider.app.alerting.silences import end_silence, list_silences, silence_incidents
from outrider.app.alerting.stored_incidents import acknowledge_incident, assign_incident, comment_on_incident
from outrider.app.errors.issue_actions import change_issues
from outrider.app.pages.status_page_listener import status_page_sources
from outrider.app.records.annotation_log import annotate, remove_annotation
from outrider.app.records.check_control import pause_checks, request_run, resume_checks
from outrider.app.records.release_marks import mark_release
from outrider.app.records.saved_views import remove_view, save_view
from outrider.app.records.status_updates import open_status_incident, update_status_incident
from outrider.model import Impact, StatusPhase, UsageError, ViewPage
from outrider.workspace import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.alerts import AlertSettings, SilenceEffect
    from outrider.app.access.audit_trail import Note
    from outrider.dashboard import StatusPageSources
    from outrider.model import Check, CheckId, OperatorRecords, Silence
    from outrider.workspace import Workspace

Word = TypeVar("Word", bound=StrEnum)

_ID_CHARACTERS = 36
_STATUS_ID_CHARACTERS = 32
"""Of an incident of the public status page."""
_LONGEST_S = 366 * 86_400.0


class OperatorActions:
    """Implements `outrider.server.Actions`.

    Args:
        store: Where everything is kept.
        workspace: Whose defaults hold.
        checks: Of the workspace.
        settings: Of its alerts.
    """

    def __init__(
        self, store: OperatorRecords, workspace: Workspace, checks: Sequence[Check], settings: AlertSettings
    ) -> None:
        self._store = store
        self._workspace = workspace
        self._checks = checks
        self._settings = settings

    def run(self, check: str, location: str, note: Note) -> str:
        """Have a check run at once, in one of its places; return the id of the run that waits then."""
        identity = self._named(check)
        places = next((known.policy.locations for known in self._checks if known.id == identity), None)
        if places is None:
            what = f'the workspace has no check "{check}" any more'
            raise UsageError(what, slug="unknown-check", fix="outrider ls shows the checks that it has")
        if location and location not in places:
            what = f'{check} has no location "{location[:80]}"'
            raise UsageError(what, slug="unknown-name", fix=nearest(location, places))
        return request_run(self._store, identity, location or places[0], note).run

    def pause(self, check: str, reason: str, note: Note) -> None:
        """Pause a check: nothing of it is due until it is resumed."""
        pause_checks(self._store, [self._named(check)], reason=reason, note=note)

    def resume(self, check: str, note: Note) -> None:
        """Resume a check."""
        resume_checks(self._store, [self._named(check)], note=note)

    def _named(self, text: str) -> CheckId:
        """Return the one check whose id, or former id, this is; patterns are for command lines.

        Raises:
            UsageError: unknown-check.
        """
        if (known := next((check.id for check in self._checks if check.id == text), None)) is not None:
            return known  # also where the store was replaced, and has yet to learn of it
        for check in self._store.checks.all():
            if text == check.id or text in check.aliases:
                return check.id
        what, fix = f'no check has the id "{text[:200]}"', "write an id as /api/v1/checks lists it"
        raise UsageError(what, slug="unknown-check", fix=fix)

    def acknowledge(self, incident: str, author: str, note: Note, *, resolve: bool) -> None:
        """Acknowledge an incident, or resolve it."""
        acknowledge_incident(self._store, _whole(incident, "incident"), author=author, resolve=resolve, note=note)

    def assign(self, incident: str, assignee: str, author: str, note: Note) -> None:
        """Assign an incident to somebody, or to nobody if `assignee` is empty."""
        assign_incident(self._store, _whole(incident, "incident"), assignee, author=author, note=note)

    def comment(self, incident: str, text: str, author: str, note: Note) -> None:
        """Comment on an incident."""
        comment_on_incident(self._store, _whole(incident, "incident"), text, author=author, note=note)

    def change_issues(
        self, action: str, issues: Sequence[str], inputs: Mapping[str, str], author: str, note: Note
    ) -> str:
        """Do something to issues; return what was done."""
        return change_issues(self._store, action, issues, inputs, author=author, note=note)

    def annotate(self, text: str, matchers: Sequence[str], at: str, author: str, note: Note) -> str:
        """Note a text at a time, now if `at` is empty; return the annotation's id."""
        if matchers and not self._preview_known(matchers).checks:
            what = f"no check fulfils {' '.join(matchers)}"
            raise UsageError(what, slug="unknown-label", fix="leave them out to note it on all checks")
        return annotate(
            self._store.annotations, text, matchers,
            audit=self._store.audit, at_us=_moment_us(at.strip()), author=author, note=note,
        ).id  # fmt: skip

    def remove_annotation(self, annotation: str, note: Note) -> None:
        """Remove an annotation."""
        named = _whole(annotation, "annotation")
        remove_annotation(self._store.annotations, named, audit=self._store.audit, note=note)

    def save_view(self, page: str, name: str, query: str, author: str, note: Note) -> str:
        """Save a query of a page under a name, in the place of one that has it; return the view's id."""
        return save_view(
            self._store.views, _page(page), name, query, audit=self._store.audit, author=author, note=note
        ).id

    def remove_view(self, view: str, note: Note) -> None:
        """Remove a saved view, by its id."""
        page, _, name = view.partition("/")
        remove_view(self._store.views, _page(page), name, audit=self._store.audit, note=note)

    def silences(self) -> tuple[Silence, ...]:
        """Return the silences that have not ended."""
        return list_silences(self._store.silences)

    def preview(self, matchers: Sequence[str]) -> SilenceEffect:
        """Return what a silence with these matchers would mute now."""
        incidents = read_incidents(self._store.incidents.search(lasting=True, limit=None))
        return silence_effect(matchers, incidents, self._checks, self._settings)

    def silence(self, matchers: Sequence[str], length: str, author: str, comment: str, note: Note) -> str:
        """Silence what fulfils all matchers for a duration such as "2h"; return the silence's id."""
        if not matchers:
            fix = "write check=ID or kind=journey"
            raise UsageError("a silence has at least one matcher", slug="bad-matcher", fix=fix)
        self._preview_known(matchers)
        try:
            length_s = duration_s(length)
        except ValueError as error:
            raise UsageError(str(error), slug="bad-argument", fix="such as 30m, 2h or 1d") from None
        if not 0 < length_s <= _LONGEST_S:
            raise UsageError(f"a silence of {length} is too long or too short", slug="bad-argument", fix="up to 366d")
        return silence_incidents(
            self._store.silences, matchers,
            audit=self._store.audit, length_s=length_s, author=author, comment=comment, note=note,
        ).id  # fmt: skip

    def end_silence(self, silence: str, note: Note) -> None:
        """End a silence now."""
        end_silence(self._store.silences, _whole(silence, "silence"), self._store.audit, note)

    def mark_release(self, name: str, environment: str, note: Note, *, accept: bool, commits: str = "") -> None:
        """Mark a deploy that is live from now on."""
        if not name.strip():
            raise UsageError("a release has a name", slug="bad-argument", fix="such as v2.4")
        mark_release(
            self._workspace, self._store.judgements, name.strip(),
            audit=self._store.audit, environment=environment or None, accept=accept, note=note,
            commits=commits, commit_log=self._store.commits,
        )  # fmt: skip

    def environment_note(self, environment: str) -> str:
        """Return that no check runs in an environment, if one is named, and what may have been meant."""
        known = sorted({check.policy.environment for check in self._checks if check.policy.enabled})
        if not environment or environment in known:
            return ""
        return f'no check runs in the environment "{environment}"; {nearest(environment, known)}'

    def _preview_known(self, matchers: Sequence[str]) -> SilenceEffect:
        """Return what matchers fit; of a label that nothing has, say so."""
        effect = self.preview(matchers)
        if effect.unknown_labels:
            what = f'no check and no incident has a label "{effect.unknown_labels[0]}", so nothing would be muted'
            raise UsageError(what, slug="unknown-label", fix=f"labels are {', '.join(effect.labels)}")
        return effect

    def status_page(self) -> StatusPageSources | None:
        """Return what the public status page is made from; None without one."""
        return status_page_sources(self._workspace, self._store, self._checks)

    def open_status_incident(self, inputs: Mapping[str, str], components: Sequence[str], note: Note) -> str:
        """Open an incident on the public status page; return its id."""
        return open_status_incident(
            self._status_page(), inputs.get("title", ""), inputs.get("text", ""), components=components,
            impact=_choice(Impact, inputs, "impact") or Impact.NONE,
            phase=_choice(StatusPhase, inputs, "state") or StatusPhase.INVESTIGATING, note=note,
        )  # fmt: skip

    def update_status_incident(
        self, incident: str, inputs: Mapping[str, str], components: Sequence[str], note: Note
    ) -> str:
        """Add an update to an incident of the public status page; return the incident's id."""
        return update_status_incident(
            self._status_page(), _whole(incident, "status-incident"), inputs.get("text", ""),
            phase=_choice(StatusPhase, inputs, "state"),
            title=inputs.get("title", ""), impact=_choice(Impact, inputs, "impact"),
            components=components or None, note=note,
        ).id  # fmt: skip

    def _status_page(self) -> StatusPageSources:
        sources = self.status_page()
        if sources is None:
            what = "this workspace has no status page"
            raise UsageError(what, slug="status-page-off", fix="add [status_page] to outrider.toml")
        return sources


def _whole(text: str, kind: str) -> str:
    """Return a text that is as long as an id; abbreviations are for people at a command line.

    Raises:
        UsageError: unknown-incident, unknown-silence, unknown-annotation or unknown-status-incident.
    """
    if len(text) == (_STATUS_ID_CHARACTERS if kind == "status-incident" else _ID_CHARACTERS):
        return text
    what, fix = f'"{text[:80]}" is not a whole id', "write it as the API lists it"
    raise UsageError(what, slug=f"unknown-{kind}", fix=fix)


def _page(text: str) -> ViewPage:
    try:
        return ViewPage(text)
    except ValueError:
        fix = f"write one of {', '.join(ViewPage)}"
        raise UsageError(f'no page of views is called "{text[:80]}"', slug="unknown-view", fix=fix) from None


def _choice(words: type[Word], inputs: Mapping[str, str], name: str) -> Word | None:
    """Return a word that was sent; None if it is absent or empty."""
    sent = inputs.get(name, "")
    if not sent:
        return None
    try:
        return words(sent)
    except ValueError:
        fix = f"write one of {', '.join(words)}"
        raise UsageError(f'{name} is "{sent[:80]}"', slug="bad-argument", fix=fix) from None


def _moment_us(text: str) -> int | None:
    """Return a time that was typed; None for none."""
    if not text:
        return None
    try:
        return moment_us(text)
    except (ValueError, OverflowError) as error:
        raise UsageError(str(error), slug="bad-argument", fix="such as 2026-11-28T21:40") from None
