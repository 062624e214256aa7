"""A server, as commands ask it over its API."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from outrider.app.access.selection import only_check
from outrider.app.access.server_client import OnItsPage, in_path
from outrider.app.backends.api_records import (
    annotation_of,
    change_of,
    check_of,
    coverage_of,
    gate_of,
    level_change_of,
    moment_of,
    pause_of,
    release_of,
    run_of,
    run_summary_of,
    setting_of,
    silence_of,
    text_of_moment,
    time_of,
    turn_of,
    view_of,
)
from outrider.app.records.annotation_log import named_annotation
from outrider.model import (
    ArtifactKind,
    CheckId,
    Comment,
    Excerpt,
    ProcessView,
    RunId,
    StoredArtifact,
    StoredRun,
    UsageError,
)
from outrider.workspace import Names, is_match, nearest, select

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outrider.alerts import Incident, SilenceEffect
    from outrider.app.access.listeners import ProgressListener
    from outrider.app.access.server_client import ServerClient
    from outrider.app.alerting.oncall_shifts import OnCallShift
    from outrider.app.alerting.stored_incidents import IncidentList
    from outrider.app.backends.error_backend import RemoteErrors
    from outrider.app.records.check_control import RequestedRun
    from outrider.app.records.service_state import ServiceStatus
    from outrider.frames import FrameReader
    from outrider.model import (
        Annotation,
        AuditEntry,
        Check,
        Outcome,
        Release,
        RunSummary,
        SavedView,
        Silence,
        StoredGate,
        ViewPage,
    )  # fmt: skip
    from outrider.runs import LevelChange
    from outrider.workspace import SettingState

T = TypeVar("T")

_MOST_INCIDENTS = 1_000
_DAYS = 30
MOST_INCIDENT_DAYS = 90
"""A server lists incidents of so many days."""
_DAY_US = 86_400_000_000


class RemoteBackend:
    """Implements `Backend` by a server; whatever it does is done by the token's name."""

    def __init__(self, client: ServerClient) -> None:
        self.client = client

    @property
    def errors(self) -> RemoteErrors:
        """Issues of errors, and what sessions say of releases."""
        from outrider.app.backends.error_backend import RemoteErrors  # noqa: PLC0415 - other commands need none of it

        return RemoteErrors(self.client)

    @property
    def timezone(self) -> str:
        """IANA name of the server's time zone."""
        with self.client.readable():
            return str(self._status["timezone"])

    def runs(
        self, pattern: str, *, outcome: Outcome | None, location: str | None = None, limit: int | None
    ) -> Excerpt[RunSummary]:
        """Return runs of the checks that fit a pattern, of one location if it is named, the latest first."""
        wanted = {"outcome": outcome.value if outcome else "", "check": "" if _is_pattern(pattern) else pattern}
        try:
            with self.client.readable():
                lines = map(run_summary_of, self.client.items("/runs", wanted))
                fitting = (line for line in lines if wanted["check"] or _fits(line.check, pattern))
                return _within((line for line in fitting if location in {None, line.location}), limit)
        except UsageError as error:
            if error.slug != "unknown-check":
                raise
            return Excerpt(())

    def unknown_check_note(self, pattern: str) -> str:
        """Return that no check fits a pattern, and what may have been meant; empty otherwise."""
        names = [item["id"] for item in self._checks]
        if not names or any(_fits(name, pattern) for name in names):
            return ""
        return f'no check of the server has the id "{pattern}"; {nearest(pattern, names)}'

    def run(self, name: str) -> StoredRun:
        """Return one run by its id, or a unique beginning or end of it; its artifacts are on its page."""
        body = self.client.read(f"/runs/{in_path(name)}")
        with self.client.readable():
            run = run_of(body)
            page = f"{self.client.url}/runs/{run.id}"
            artifacts = tuple(
                StoredArtifact(
                    item["attempt"],
                    ArtifactKind(item["kind"]),
                    item["name"],
                    item["media_type"],
                    item["digest"],
                    item["bytes"],
                    page,
                    None,
                    OnItsPage(page),
                )
                for item in body["artifacts"]
            )
            return StoredRun(run, artifacts, tuple(body["omitted"]))

    def status(self) -> ServiceStatus:
        """Return how the service and the checks do."""
        from outrider.app.records.service_state import ServiceStatus  # noqa: PLC0415 - other commands need none of it
        from outrider.runs import AggregateStatus  # noqa: PLC0415

        with self.client.readable():
            body = self._status
            return ServiceStatus(
                is_running=body["running"], leader=body["leader"], leader_seen_us=moment_of(body["leader_seen"]),
                waiting=body["waiting"], running=body["under_way"], pauses=tuple(map(pause_of, body["paused"])),
                last_runs=tuple(map(run_summary_of, body["last_runs"])),
                coverage=tuple(map(coverage_of, body["coverage"])), turns=tuple(map(turn_of, body["turns"])),
                overrides=tuple(map(setting_of, body["overrides"])),
                processes=tuple(
                    ProcessView(
                        item["name"], item["pid"], time_of(item["since"]), item["restarts"], item["problem"]
                    )
                    for item in body["processes"]
                ),
                aggregates=tuple(
                    AggregateStatus(
                        item["subject"], item["step"], item["metric"], item["environment"], item["location"],
                        moment_of(item["at"]), item["condition"], item["reason"],
                    )
                    for item in body["aggregates"]
                ),
            )  # fmt: skip

    def request_runs(self, patterns: Sequence[str], location: str | None) -> tuple[RequestedRun, ...]:
        """Request immediate runs; the first location of each check if none is named."""
        from outrider.app.records.check_control import RequestedRun  # noqa: PLC0415 - as above

        requested = []
        for check in self._selected(patterns):
            answer = self.client.act(f"/checks/{in_path(check)}/run", {"location": location or ""})
            with self.client.readable():
                requested.append(RequestedRun(RunId(answer["id"]), check))
        return tuple(requested)

    def location_note(self, location: str) -> str:  # noqa: ARG002 - a server refuses one that there is not
        """Return nothing: a server refuses a location that a check has not."""
        return ""

    def pause(self, patterns: Sequence[str], reason: str) -> tuple[CheckId, ...]:
        """Pause checks."""
        checks = self._selected(patterns)
        for check in checks:
            self.client.act(f"/checks/{in_path(check)}/pause", {"reason": reason})
        return checks

    def resume(self, patterns: Sequence[str]) -> Mapping[CheckId, bool]:
        """Resume checks; return of each whether it was paused."""
        with self.client.readable():
            paused = {item["check"] for item in self._status["paused"]}
        checks = self._selected(patterns)
        for check in checks:
            self.client.act(f"/checks/{in_path(check)}/resume")
        return {check: check in paused for check in checks}

    def incidents(self, *, include_resolved: bool, listener: ProgressListener) -> IncidentList:  # noqa: ARG002
        """Return the incidents that last, or all of the last thirty days; their events are with each of them."""
        from outrider.app.alerting.stored_incidents import IncidentList, Undelivered  # noqa: PLC0415 - as above

        listed = self.recent_incidents(include_resolved=include_resolved, days=_DAYS, limit=_MOST_INCIDENTS)
        with self.client.readable():
            undelivered = {
                item["receiver"]: Undelivered(item["count"], item["note"]) for item in self._status["undelivered"]
            }
            return IncidentList(tuple(listed), self._status["muted"], undelivered, listed.is_complete)

    def recent_incidents(self, *, include_resolved: bool, days: int, limit: int | None) -> Excerpt[Incident]:
        """Return the incidents that last, or all of the last days, without their events."""
        from outrider.app.access.workspace_access import now_us  # noqa: PLC0415
        from outrider.app.backends.api_incidents import incident_of  # noqa: PLC0415 - as above

        since_us = now_us() - days * _DAY_US
        with self.client.readable():
            items = self.client.items("/incidents", {"state": "" if include_resolved else "open"})
            recent = (item for item in items if item["is_open"] or time_of(item["ended"]) >= since_us)
            return _within(map(incident_of, recent), limit)

    def incident(self, name: str) -> tuple[Incident, tuple[Comment, ...]]:
        """Return one incident by its id, or a unique beginning or end of it, and the comments on it."""
        from outrider.app.backends.api_incidents import incident_of  # noqa: PLC0415 - as above

        body = self.client.read(f"/incidents/{in_path(name)}")
        with self.client.readable():
            named, entries = body["incident"], body["events"]
            comments = tuple(
                Comment(named["id"], time_of(entry["at"]), entry["author"], entry["what"])
                for entry in entries
                if entry["author"]
            )
            return incident_of(named, [entry for entry in entries if not entry["author"]]), comments

    def explanation(self, incident: Incident) -> tuple[str, ...]:
        """Return where the extra time of an incident's step is, a line each; nothing of other problems."""
        from outrider.app.lookup.incident_explanation import unknown_line  # noqa: PLC0415 - as above

        body = self.client.read(f"/incidents/{in_path(incident.id)}")
        with self.client.readable():
            slower = body["slower"]
            if slower is None:
                return ()
            return unknown_line(slower["unknown"]) if slower["unknown"] else (*slower["lines"], slower["compared"])

    def acknowledge(self, incident: str, *, author: str, resolve: bool, comment: str = "") -> tuple[Incident, str]:
        """Acknowledge an incident, or resolve it, with a comment; return it as it was, and who did so."""
        if comment:
            self.comment(incident, comment, author=author)
        return self._acted(incident, author, "resolve" if resolve else "acknowledge", {})

    def assign(self, incident: str, name: str, *, author: str) -> tuple[Incident, str]:
        """Assign an incident, to nobody if `name` is empty; return it as it was, and who did so."""
        return self._acted(incident, author, "assign", {"assignee": name})

    def comment(self, incident: str, text: str, *, author: str) -> tuple[Incident, str]:
        """Comment on an incident; return it, and who did so."""
        return self._acted(incident, author, "comment", {"text": text})

    def _acted(self, incident: str, author: str, action: str, values: Mapping[str, str]) -> tuple[Incident, str]:
        """Do something to an incident; return it as it was, and who did so."""
        _refuse("--by", author)
        named, _ = self.incident(incident)
        answer = self.client.act(f"/incidents/{in_path(named.id)}/{action}", values)
        with self.client.readable():
            return named, str(answer["by"])

    def silences(self) -> tuple[Silence, ...]:
        """Return the silences that have not ended."""
        with self.client.readable():
            return tuple(map(silence_of, self.client.items("/silences", cursor="after")))

    def silence(
        self, matchers: Sequence[str], *, length_s: float, starts_us: int | None, author: str, comment: str
    ) -> SilenceEffect:
        """Silence what fulfils all matchers; return what that mutes."""
        from outrider.alerts import SilenceEffect  # noqa: PLC0415 - as above

        _refuse("--by", author)
        _refuse("--from", starts_us)
        effect = self.client.read("/silence-preview", {"matcher": matchers})
        values = {"matchers": "\n".join(matchers), "for": f"{length_s:g}s", "comment": comment}
        self.client.act("/silences", values)
        with self.client.readable():
            return SilenceEffect(effect["incidents"], effect["checks"], (), tuple(effect["labels"]))

    def end_silence(self, silence: str) -> None:
        """End a silence now."""
        from outrider.app.alerting.silences import named_silence  # noqa: PLC0415 - as above

        named = named_silence(self.silences(), silence)
        self.client.act(f"/silences/{in_path(named.id)}/end")

    def releases(self, environment: str | None) -> tuple[Release, ...]:
        """Return the releases of an environment, or of all, the earliest first."""
        with self.client.readable():
            releases = map(release_of, self.client.items("/releases"))
            wanted = [release for release in releases if environment in {None, release.environment}]
            return tuple(reversed(wanted))

    def mark_release(
        self, name: str, *, at_us: int | None, environment: str | None, accept: bool, commits: str = ""
    ) -> None:
        """Mark a deploy that is live from now on."""
        _refuse("--at", at_us)
        values = {"name": name, "environment": environment or "", "accept": "yes" if accept else "", "commits": commits}
        self.client.act("/releases", values)

    def environment_note(self, environment: str) -> str:
        """Return that no check of the server runs in an environment, and what may have been meant; empty otherwise."""
        known = sorted({item["environment"] for item in self._checks})
        return (
            ""
            if environment in known
            else f'no check runs in the environment "{environment}"; ' + nearest(environment, known)
        )

    def shifts(self, days: int) -> Mapping[str, tuple[OnCallShift, ...]]:
        """Return who is on call in each rotation, now and in the days ahead."""
        from outrider.app.alerting.oncall_shifts import OnCallShift  # noqa: PLC0415 - as above

        body = self.client.read("/on-call", {"days": str(days)})
        with self.client.readable():
            return {
                item["name"]: tuple(OnCallShift(time_of(turn["begins"]), turn["person"]) for turn in item["turns"])
                for item in body["rotations"]
            }

    def settings(self) -> tuple[SettingState, ...]:
        """Return the switches and levels that can be changed while the service runs."""
        body = self.client.read("/settings")
        with self.client.readable():
            return tuple(map(setting_of, body["items"]))

    def change_setting(self, name: str, text: str, *, author: str) -> None:
        """Set a switch or level beside the server's file to what was typed."""
        _refuse("--by", author)
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        self.client.put(f"/settings/{in_path(name)}", {"value": value})

    def reset_setting(self, name: str) -> None:
        """Let the server's file decide on a setting again."""
        self.client.delete(f"/settings/{in_path(name)}")

    def checks(self, patterns: Sequence[str]) -> tuple[Check, ...]:
        """Return the checks of the server's workspace that any of the patterns matches, or all.

        Raises:
            UsageError: unknown-check if a pattern matches none.
        """
        with self.client.readable():
            checks = tuple(map(check_of, self.client.items("/policies", cursor="after")))
        return select(checks, patterns)

    def gates(self, *, commit: str, verdict: str, limit: int | None) -> Excerpt[StoredGate]:
        """Return decisions of the gate without their comparisons, the latest first."""
        with self.client.readable():
            return _within(map(gate_of, self.client.items("/gates", {"commit": commit, "verdict": verdict})), limit)

    def gate(self, identity: str) -> StoredGate:
        """Return a decision of the gate with its comparisons, by its whole id."""
        body = self.client.read(f"/gates/{in_path(identity)}")
        with self.client.readable():
            return gate_of(body["gate"], body)

    def level_changes(self, pattern: str) -> Sequence[LevelChange]:
        """Return the lasting level changes of the checks that are switched on and fit a pattern, the latest first."""
        changes: list[LevelChange] = []
        for name in [item["id"] for item in self._checks if _fits(item["id"], pattern)]:
            body = self.client.read("/level-changes", {"check": name})
            with self.client.readable():
                changes += [level_change_of(item, body["check"]) for item in body["items"]]
        return sorted(changes, key=lambda change: -change.at_us)

    def annotations(self) -> tuple[Annotation, ...]:
        """Return the latest annotations, the latest first."""
        body = self.client.read("/annotations")
        with self.client.readable():
            return tuple(map(annotation_of, body["items"]))

    def annotate(self, text: str, *, at_us: int | None, check: str | None, matchers: Sequence[str], author: str) -> str:
        """Note a text, on one check if it is named; the server refuses labels that no check has."""
        _refuse("--by", author)
        wanted = [*([f"check={self._one_check(check)}"] if check else []), *matchers]
        values = {"text": text, "at": text_of_moment(at_us) or "", "matchers": "\n".join(wanted)}
        self.client.act("/annotations", values)
        return ""

    def remove_annotation(self, annotation: str) -> None:
        """Remove an annotation, by its id or a unique beginning or end of it."""
        known = named_annotation(self.annotations(), annotation)
        self.client.act(f"/annotations/{in_path(known.id)}/remove")

    def views(self) -> tuple[SavedView, ...]:
        """Return all saved views, by page and name."""
        body = self.client.read("/views")
        with self.client.readable():
            return tuple(map(view_of, body["items"]))

    def save_view(self, page: ViewPage, name: str, query: str) -> None:
        """Save a query of a page under a name, in the place of the view that has it."""
        self.client.act("/views", {"page": page, "name": name, "query": query})

    def remove_view(self, page: ViewPage, name: str) -> None:
        """Remove a saved view."""
        self.client.act(f"/views/{in_path(f'{page}/{name}')}/remove")

    @property
    def frames(self) -> FrameReader:
        """Stored rows as DataFrames: samples, runs, steps, and incidents of the last ninety days."""
        from outrider.app.access.workspace_access import now_us  # noqa: PLC0415
        from outrider.app.backends.remote_tables import remote_sources  # noqa: PLC0415 - as above
        from outrider.frames import FrameReader  # noqa: PLC0415 - pandas is dear

        def incidents() -> Excerpt[Incident]:
            return self.recent_incidents(include_resolved=True, days=MOST_INCIDENT_DAYS, limit=None)

        return FrameReader(lambda: remote_sources(self.client, incidents), self.timezone, now_us())

    def empty_export_note(self, pattern: str, metric: str) -> str:  # noqa: ARG002 - a server does not list metrics
        """Return which name is the reason that there are no rows; empty if it stands for some."""
        return self.unknown_check_note(pattern)

    def changes(self, limit: int) -> Excerpt[AuditEntry]:
        """Return who changed what, the latest first."""
        with self.client.readable():
            return _within(map(change_of, self.client.items("/audit")), limit)

    @cached_property
    def _status(self) -> Any:
        return self.client.read("/status")

    @cached_property
    def _checks(self) -> list[Any]:
        with self.client.readable():
            return [item for item in self.client.items("/checks", cursor="after") if item["id"]]

    def _one_check(self, pattern: str) -> CheckId:
        """Return the one check of the server that a pattern matches.

        Raises:
            UsageError: unknown-check, or ambiguous-check if it matches several.
        """
        return only_check(self._selected([pattern]), pattern)

    def _selected(self, patterns: Sequence[str]) -> tuple[CheckId, ...]:
        """Return the checks of the server that any of the patterns matches.

        Raises:
            UsageError: unknown-check if a pattern matches none.
        """
        with self.client.readable():
            names = [
                Names(item["id"], item["path"], item["id"].rpartition("::")[2], frozenset(item["tags"]))
                for item in self._checks
            ]
        wanted = []
        for pattern in patterns:
            if (is_meant := is_match(pattern, names)) is None:
                fix = "outrider status shows the checks"
                raise UsageError(f'no check of the server matches "{pattern}"', slug="unknown-check", fix=fix)
            wanted.append(is_meant)
        return tuple(CheckId(name.id) for name in names if any(is_meant(name) for is_meant in wanted))


def _within(items: Iterator[T], limit: int | None) -> Excerpt[T]:
    """Return the first items, and no more pages of them than that needs."""
    return Excerpt.within(items if limit is None else islice(items, limit + 1), limit)


def _is_pattern(text: str) -> bool:
    return "*" in text or "?" in text


def _fits(identity: str, pattern: str) -> bool:
    return identity == pattern or fnmatchcase(identity, pattern.replace("[", "[[]"))


def _refuse(option: str, value: object) -> None:
    """Refuse an option that a server decides itself."""
    if value:
        fix = f"leave out {option}, or use the command in the workspace's folder"
        raise UsageError(f"{option} cannot be given to a server", slug="not-remote", fix=fix)
