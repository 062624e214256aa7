"""What the judge says of each step of stored checks, and of each series of other subjects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.app.access.listeners import SILENT
from outrider.app.access.selection import display_name, refuse_unknown, stored_checks, stored_subjects
from outrider.app.access.workspace_access import judge_settings
from outrider.baselines import Condition
from outrider.runs import Judge, informing_metrics, step_statuses, subject_statuses

if TYPE_CHECKING:
    from outrider.app.access.listeners import ProgressListener
    from outrider.model import ReportHistory
    from outrider.runs import StepStatus
    from outrider.workspace import Workspace

_ORDER = (Condition.DEGRADED, Condition.IMPROVED, Condition.LEARNING, Condition.STEADY)


def judge_steps(
    workspace: Workspace, store: ReportHistory, pattern: str = "*", *, listener: ProgressListener = SILENT
) -> list[StepStatus]:
    """Return the judgement of each step, of each check's failures, and of each series of aggregates.

    What deviates comes first. What was not judged yet is judged now, and kept subject by subject: an interruption loses
    nothing but the subject under way.

    Args:
        workspace: Whose sensitivity holds.
        store: Where the runs are.
        pattern: The id of a check or of another subject, with * for any characters.
        listener: Follows the subjects.

    Raises:
        UsageError: switched-off, unknown-check.
    """
    workspace.capabilities.require("judging", "judging")
    refuse_unknown(store, pattern)
    judge = Judge(store, judge_settings(workspace))
    checks, subjects = stored_checks(store.checks, pattern), stored_subjects(store.series, pattern)
    statuses: list[StepStatus] = []
    for number, subject in enumerate((*checks, *subjects)):
        listener.counted(number, len(checks) + len(subjects), display_name(subject))
        if number < len(checks):
            statuses += step_statuses(store, judge, checks[number])
        else:
            statuses += subject_statuses(store, judge, subject)
    return sorted(statuses, key=lambda status: _ORDER.index(status.judgement.signal.condition))


def unjudged_metrics_note(store: ReportHistory, pattern: str = "*") -> str:
    """Return which metrics of subjects of aggregates inform without being judged; empty if there are none."""
    metrics = informing_metrics(store.series, stored_subjects(store.series, pattern))
    return f"stored and not judged: {', '.join(metrics)}; of aggregates duration_ms is judged" if metrics else ""
