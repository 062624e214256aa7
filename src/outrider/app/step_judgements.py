"""What the judge says of each step of stored checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.app.selection import stored_checks
from outrider.app.workspace_access import judge_settings
from outrider.baselines import Condition
from outrider.model import UsageError
from outrider.runs import Judge, step_statuses

if TYPE_CHECKING:
    from outrider.model import ReportHistory
    from outrider.runs import StepStatus
    from outrider.workspace import Workspace

_ORDER = (Condition.DEGRADED, Condition.IMPROVED, Condition.LEARNING, Condition.STEADY)


def judge_steps(workspace: Workspace, store: ReportHistory, pattern: str = "*") -> list[StepStatus]:
    """Return the judgement of each step, and of each check's failures; what deviates comes first.

    Args:
        workspace: Whose sensitivity holds.
        store: Where the runs are.
        pattern: A check's id, with * for any characters.

    Raises:
        UsageError: switched-off.
    """
    if not workspace.capabilities.judging:
        raise UsageError(
            "judging is switched off in outrider.toml",
            slug="switched-off",
            fix="set judging = true below [capabilities]",
        )
    judge = Judge(store, judge_settings(workspace))
    checks = stored_checks(store.checks, pattern)
    statuses = [status for check in checks for status in step_statuses(store, judge, check)]
    return sorted(statuses, key=lambda status: _ORDER.index(status.judgement.signal.condition))
