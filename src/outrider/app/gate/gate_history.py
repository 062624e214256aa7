"""Decisions of the gate as the store keeps them: of which commit, and what was compared."""

from __future__ import annotations

import math
import os
import subprocess
from collections import Counter
from typing import TYPE_CHECKING

from outrider.app.access.listeners import SILENT
from outrider.app.access.workspace_access import find_workspace_if_any, now_us, open_store
from outrider.model import OutriderError, StoredComparison, StoredGate, StoreError, new_run_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from outrider.app.access.listeners import ProgressListener
    from outrider.gate import Decision, StepComparison
    from outrider.model import GateLog

_COMMIT_VARIABLES = ("GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT", "BUILD_SOURCEVERSION", "BITBUCKET_COMMIT")
"""Where GitHub, GitLab, Jenkins, Azure and Bitbucket tell the commit that they build."""

_GRAVITY = ("fail", "inconclusive", "pass")
_NOTABLE = 10
_GIT_S = 5.0


def keep_decision(log: GateLog, decision: Decision, root: Path, listener: ProgressListener = SILENT) -> None:
    """Keep a decision of the gate for its history; one that cannot be kept is no reason to lose the verdict."""
    try:
        log.record(stored_gate(decision, checked_out(root), now_us()))
    except StoreError as error:
        listener.problem(error)


def keep_merged_decision(decision: Decision, listener: ProgressListener = SILENT) -> None:
    """Keep a decision for the workspace of the current folder; without one, or one that can be used, nothing is kept.

    A job that merges may have no workspace, and needs none of the secrets that the workspace names.
    """
    try:
        if (workspace := find_workspace_if_any()) is not None:
            with open_store(workspace) as store:
                keep_decision(store.gates, decision, workspace.root, listener)
    except OutriderError as error:
        listener.problem(error)


def stored_gate(decision: Decision, commit: str, at_us: int) -> StoredGate:
    """Return a decision as it is kept."""
    ordered = sorted(decision.comparisons, key=lambda compared: (not compared.decides, _gravity(compared)))
    counts = Counter(str(compared.verdict) for compared in ordered if compared.decides)
    notable = [compared for compared in ordered if compared.decides and _gravity(compared) < len(_GRAVITY) - 1]
    return StoredGate(
        id=str(new_run_id(at_us)), at_us=at_us, commit=commit, verdict=str(decision.verdict),
        against=decision.against, took_s=round(decision.took_s, 3), shard=decision.shard, counts=dict(counts),
        notable=tuple((compared.check, compared.step, str(compared.verdict)) for compared in notable[:_NOTABLE]),
        notes=decision.notes, wrong=decision.wrong, comparisons=tuple(map(_stored_comparison, ordered)),
    )  # fmt: skip


def checked_out(root: Path, environment: Mapping[str, str] = os.environ) -> str:
    """Return the commit that a workspace is checked out at: as CI tells it, else as git does; empty if neither does."""
    named = next((environment[name] for name in _COMMIT_VARIABLES if environment.get(name)), "")
    if named:
        return named[:64]
    try:
        answer = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "HEAD"],
            capture_output=True, timeout=_GIT_S, check=False, text=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()[:64] if answer.returncode == 0 else ""


def _gravity(compared: StepComparison) -> int:
    return _GRAVITY.index(str(compared.verdict))


def _stored_comparison(compared: StepComparison) -> StoredComparison:
    comparison = compared.comparison
    return StoredComparison(
        check=compared.check, step=compared.step, verdict=str(compared.verdict), decides=compared.decides,
        base=round(compared.base, 4), candidate=round(compared.candidate, 4), ratio=_finite(comparison.ratio),
        low=_finite(comparison.low), high=_finite(comparison.high), samples=comparison.samples,
        reason=comparison.reason,
    )  # fmt: skip


def _finite(value: float) -> float | None:
    return round(value, 5) if math.isfinite(value) else None
