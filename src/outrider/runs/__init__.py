"""One run, from lease to outcome; and whether a journey can fail at all."""

from outrider.runs.aggregate_status import AggregateStatus, aggregate_statuses
from outrider.runs.attempt_sequence import Launch, Listener, broken_outcome, broken_run, launched
from outrider.runs.attempts import Plan, deciding_attempt, next_attempt, run_outcome, shown_attempt
from outrider.runs.fleet import Fleet, GroupRecorder
from outrider.runs.foreground import Foreground
from outrider.runs.last_runs import last_runs_by_place
from outrider.runs.level_changes import LevelChange, level_changes
from outrider.runs.live_judge import LiveJudge
from outrider.runs.moved_operations import moved_operations
from outrider.runs.primary_steps import (
    CONCLUSIVE,
    GATE_SUFFIX,
    LOAD_SUFFIX,
    METRIC,
    TRIAL_SUFFIX,
    WHOLE_REQUEST,
    base_environment,
    is_kept_apart,
    preferred_steps,
    primary_durations,
    primary_series,
    primary_steps,
)
from outrider.runs.proof import Proof, ProofVerdict, prove, why_vacuous
from outrider.runs.redacted_run import UNDECLARED, redacted_run
from outrider.runs.release_coincidence import recent_release, release_share
from outrider.runs.run_document import BadDocument, from_document, packed_run, read_json, to_document, unpacked_run
from outrider.runs.run_judge import Judge, Judgement, SubjectJudgement, series_settings
from outrider.runs.runner import Recorder, Runner
from outrider.runs.service_causes import worse_calls
from outrider.runs.silent_hours import coverage_since, silent_hours
from outrider.runs.step_status import (
    FAILURE_METRIC,
    StepStatus,
    informing_metrics,
    judged_aggregates,
    step_statuses,
    subject_statuses,
)
from outrider.runs.turns import Turns

__all__ = [
    "CONCLUSIVE",
    "FAILURE_METRIC",
    "GATE_SUFFIX",
    "LOAD_SUFFIX",
    "METRIC",
    "TRIAL_SUFFIX",
    "UNDECLARED",
    "WHOLE_REQUEST",
    "AggregateStatus",
    "BadDocument",
    "Fleet",
    "Foreground",
    "GroupRecorder",
    "Judge",
    "Judgement",
    "Launch",
    "LevelChange",
    "Listener",
    "LiveJudge",
    "Plan",
    "Proof",
    "ProofVerdict",
    "Recorder",
    "Runner",
    "StepStatus",
    "SubjectJudgement",
    "Turns",
    "aggregate_statuses",
    "base_environment",
    "broken_outcome",
    "broken_run",
    "coverage_since",
    "deciding_attempt",
    "from_document",
    "informing_metrics",
    "is_kept_apart",
    "judged_aggregates",
    "last_runs_by_place",
    "launched",
    "level_changes",
    "moved_operations",
    "next_attempt",
    "packed_run",
    "preferred_steps",
    "primary_durations",
    "primary_series",
    "primary_steps",
    "prove",
    "read_json",
    "recent_release",
    "redacted_run",
    "release_share",
    "run_outcome",
    "series_settings",
    "shown_attempt",
    "silent_hours",
    "step_statuses",
    "subject_statuses",
    "to_document",
    "unpacked_run",
    "why_vacuous",
    "worse_calls",
]
