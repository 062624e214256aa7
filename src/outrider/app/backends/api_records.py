"""Answers of the API as the values that they were made from. Pure.

What lacks a field or holds another type raises KeyError, TypeError or ValueError.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from outrider.errors import SuspectCommit
from outrider.model import (
    Annotation,
    Attempt,
    AttemptTrace,
    AuditEntry,
    Check,
    CheckId,
    Circumstances,
    Claim,
    Commit,
    Coverage,
    ErrorRecord,
    ErrorSource,
    Grouping,
    HostTurn,
    IgnoredUntil,
    Issue,
    IssueId,
    IssueKey,
    IssueLife,
    IssueNote,
    IssueState,
    Kind,
    Measurement,
    Origin,
    Outcome,
    Pause,
    Policy,
    Release,
    ReleaseHealth,
    Run,
    RunId,
    RunSummary,
    Sample,
    SavedView,
    Silence,
    Step,
    StepKind,
    StoredComparison,
    StoredGate,
    TagCount,
    TraceSource,
    ViewPage,
)
from outrider.workspace import SettingState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.runs import LevelChange

    Json = Mapping[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment_of(text: str | None) -> int | None:
    """Return a time of the API, microseconds UTC."""
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    return (at - _EPOCH) // timedelta(microseconds=1)


def time_of(text: str | None) -> int:
    """Return a time of the API; 0 for one that no calendar has."""
    return moment_of(text) or 0


def text_of_moment(at_us: int | None) -> str | None:
    """Return a time as the API takes it."""
    return None if at_us is None else (_EPOCH + timedelta(microseconds=at_us)).isoformat()


def run_summary_of(item: Json) -> RunSummary:
    """Return a run of a list."""
    return RunSummary(
        RunId(item["id"]), CheckId(item["check"]), item["environment"], item["location"],
        time_of(item["due"]), time_of(item["started"]), time_of(item["finished"]),
        Outcome(item["outcome"]), item["reason"], item["due_count"],
    )  # fmt: skip


def run_of(body: Json) -> Run:
    """Return a run with its attempts."""
    line = run_summary_of(body["run"])
    circumstances = Circumstances(
        body["release"], body["browser"], body["outrider_version"], body["host"], body["snapshot"]
    )
    return Run(
        line.id, line.check, line.environment, line.location, line.due_us, line.started_us, line.finished_us,
        line.outcome, line.reason, tuple(map(_attempt_of, body["attempts"])), circumstances, line.due_count,
    )  # fmt: skip


def _attempt_of(item: Json) -> Attempt:
    measurement = Measurement(
        Outcome(item["outcome"]), item["reason"], time_of(item["started"]), item["duration_ms"],
        steps=tuple(map(_step_of, item["steps"])),
        samples=tuple(Sample(row["step"], row["metric"], row["value"]) for row in item["samples"]),
        errors=tuple(
            ErrorRecord(ErrorSource(row["source"]), row["message"], row["stack"], row["url"], row["step"])
            for row in item["errors"]
        ),
        attributes=dict(item["attributes"]), traces=_traces_of(item),
    )  # fmt: skip
    return Attempt(item["number"], item["measured"], item["evidence"], measurement)


def _traces_of(item: Json) -> tuple[AttemptTrace, ...]:
    """Return the traces of an attempt; a server of before names their ids alone."""
    if "traces" not in item:
        return tuple(map(AttemptTrace, item["trace_ids"]))
    return tuple(
        AttemptTrace(row["trace_id"], row["step"], Origin(row["kind"]), TraceSource(row["source"]))
        for row in item["traces"]
    )


def _step_of(item: Json) -> Step:
    return Step(
        item["key"], item["title"], StepKind(item["kind"]), item["offset_ms"], item["duration_ms"], item["parent"],
        item["source"], item["error"],
    )  # fmt: skip


def silence_of(item: Json) -> Silence:
    """Return a silence."""
    return Silence(
        item["id"], time_of(item["starts"]), time_of(item["ends"]), tuple(item["matchers"]), item["author"],
        item["comment"],
    )  # fmt: skip


def release_of(item: Json) -> Release:
    """Return a release."""
    return Release(item["name"], item["environment"], time_of(item["at"]), item["accepted"])


def release_health_of(item: Json) -> ReleaseHealth:
    """Return what sessions of a release came to."""
    return ReleaseHealth(
        item["project"], item["environment"], item["release"], time_of(item["first"]), time_of(item["last"]),
        item["sessions"], item["errored"], item["crashed"], item["abnormal"], item["users"], item["crashed_users"],
        item["recent"], item["recent_of_all"], item["new_issues"], item["service"], moment_of(item["live_since"]),
    )  # fmt: skip


def issue_of(item: Json) -> Issue:
    """Return an issue."""
    life, grouping = item["life"], item["grouping"]
    ignored = life["ignored"]
    until = None
    if ignored is not None:
        until = IgnoredUntil(moment_of(ignored["until"]), ignored["events"], ignored["users"], ignored["hourly"])
    return Issue(
        IssueId(item["id"]), item["project"], item["title"], item["value"], item["culprit"], item["level"],
        item["platform"], item["service"], time_of(item["first_seen"]), time_of(item["last_seen"]), item["events"],
        item["users"],
        IssueLife(IssueState(life["state"]), time_of(life["since"]), life["fixed_in"], until, life["events_before"]),
        item["assignee"], item["first_release"], item["last_release"],
        Grouping(grouping["version"], grouping["key"], item["grouped_by"], tuple(grouping["parts"])),
        tuple(item["hours"]),
        tuple(
            TagCount("environment", own["name"], own["events"], time_of(own["last_seen"]))
            for own in item["environments"]
        ),
    )  # fmt: skip


def issue_key_of(item: Json) -> IssueKey:
    """Return a key of an issue."""
    seen = time_of(item["first_seen"]), time_of(item["last_seen"])
    return IssueKey(item["key"], item["version"], item["reason"], tuple(item["parts"]), item["events"], *seen)


def issue_note_of(item: Json) -> IssueNote:
    """Return what was done to an issue."""
    return IssueNote(time_of(item["at"]), item["by"], item["action"], item["text"])


def suspect_commit_of(item: Json) -> SuspectCommit:
    """Return a commit that changed a file of a stack."""
    commit = Commit(item["id"], item["author"], item["at"], item["subject"], (item["file"],))
    return SuspectCommit(commit, item["file"], item["function"])


def annotation_of(item: Json) -> Annotation:
    """Return an annotation."""
    return Annotation(item["id"], time_of(item["at"]), item["text"], tuple(item["matchers"]), item["author"])


def view_of(item: Json) -> SavedView:
    """Return a saved view."""
    return SavedView(ViewPage(item["page"]), item["name"], item["query"], item["author"], time_of(item["saved"]))


def check_of(item: Json) -> Check:
    """Return a check and how it runs; how the server finds it in its file stays there."""
    policy = Policy(
        every_s=item["every_s"], timeout_s=item["timeout_s"], retries=item["retries"], evidence=item["evidence"],
        locations=tuple(item["locations"]), environment=item["environment"], tags=frozenset(item["tags"]),
        enabled=item["enabled"], session=item["session"], cron=item["cron"], title=item["title"],
        labels=dict(item["labels"]),
    )  # fmt: skip
    kind, marks = Kind(item["kind"]), frozenset(item["marks"])
    return Check(CheckId(item["id"]), kind, item["path"], item["name"], "", policy, item["line"], marks)


def level_change_of(item: Json, check: str) -> LevelChange:
    """Return a new level of a step of a check."""
    from outrider.runs import LevelChange  # noqa: PLC0415 - most commands need none of it

    return LevelChange(
        check, item["step"], time_of(item["at"]), time_of(item["earliest"]), time_of(item["latest"]),
        item["before_ms"], item["after_ms"], item["p_value"], item["release"],
    )  # fmt: skip


def gate_of(item: Json, body: Json | None = None) -> StoredGate:
    """Return a decision of the gate; of a list without its notes and comparisons."""
    more = body or {"notes": (), "wrong": (), "comparisons": ()}
    return StoredGate(
        item["id"], time_of(item["at"]), item["commit"], item["verdict"], item["against"], item["took_s"],
        item["shard"], dict(item["counts"]), tuple((line[0], line[1], line[2]) for line in item["notable"]),
        tuple(more["notes"]), tuple(more["wrong"]), tuple(StoredComparison(**line) for line in more["comparisons"]),
    )  # fmt: skip


def change_of(item: Json) -> AuditEntry:
    """Return an entry of the audit log; its key stays with the server."""
    return AuditEntry(
        time_of(item["at"]), item["actor"], item["action"], item["subject"], item["detail"], item["origin"]
    )


def pause_of(item: Json) -> Pause:
    """Return a paused check."""
    return Pause(CheckId(item["check"]), time_of(item["since"]), item["reason"])


def coverage_of(item: Json) -> Coverage:
    """Return how many runs of a check happened."""
    return Coverage(CheckId(item["check"]), item["environment"], item["location"], item["due"], item["happened"])


def setting_of(item: Json) -> SettingState:
    """Return a setting of the server's workspace."""
    return SettingState(
        item["name"], item["meaning"], item["value"], item["place"], item["in_file"], item["author"],
        moment_of(item["at"]), item["problem"],
    )  # fmt: skip


def turn_of(item: Json) -> HostTurn:
    """Return a run that takes its turn on the server's host."""
    claim = Claim(item["check"])
    return HostTurn(claim, item["workspace"], item["process"], time_of(item["claimed"]), moment_of(item["began"]))
