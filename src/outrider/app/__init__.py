"""One loaded workspace, ready to execute: discovery, runs, loads, gates, the service, alerts and reports.

A function takes a workspace, a store and a listener, and returns frozen values: nothing here prints, ends the process
or looks at the current folder, `find_workspace` aside. Names are imported when they are used, so that a program pays
only for the rooms that it needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrider.alerts import AlertSettings, Incident, Phase, Replayed, SilenceEffect, headline
    from outrider.app.accepted_baselines import (
        Acceptance,
        AcceptedFile,
        BaselineDiff,
        SkippedCheck,
        StepShift,
        accept_baselines,
        compare_baselines,
        read_baselines,
        step_medians,
    )
    from outrider.app.alert_configuration import alert_settings
    from outrider.app.artifact_export import export_artifacts
    from outrider.app.backups import back_up, restore_backup
    from outrider.app.change_history import LevelChange, level_changes
    from outrider.app.check_control import RequestedRun, pause_checks, request_runs, resume_checks
    from outrider.app.codegen_session import record_journey
    from outrider.app.debug_run import debug_check
    from outrider.app.discovery import Discovery
    from outrider.app.failure_pages import write_failure_pages
    from outrider.app.fault_proof import ProofReport, prove_journeys
    from outrider.app.frame_export import export_frames
    from outrider.app.gate_run import GateOptions, GateResult, gate_rules, merge_gate_shards, run_gate, self_test_gate
    from outrider.app.heartbeat_server import serve_heartbeats
    from outrider.app.judge_sensitivity import Sensitivity, SeriesSensitivity, calibrate_checks
    from outrider.app.listeners import (
        GateListener,
        LoadListener,
        ProgressListener,
        ProofListener,
        RunListener,
        SilentListener,
    )
    from outrider.app.load_trial import KneeSearch, LoadOutcome, LoadOverrides, WorkerOutcome, run_load, work_for_master
    from outrider.app.oncall_shifts import OnCallShift, shifts_ahead
    from outrider.app.pull_request_comment import comment_gate
    from outrider.app.release_marks import list_releases, mark_release
    from outrider.app.report_documents import Format as ReportFormat
    from outrider.app.report_documents import (
        ReportDocument,
        ReportForm,
        ReportPeriod,
        comparison_document,
        load_document,
        period_document,
        run_document,
    )
    from outrider.app.report_mail import mail_report
    from outrider.app.requested_path import path_errors
    from outrider.app.route_test import DeliveryTest, try_alert_route
    from outrider.app.rule_backtest import backtest_rules
    from outrider.app.run_against import compare_with_last_good
    from outrider.app.run_execution import execute, judge_runs, run_checks
    from outrider.app.runtime import (
        Runtime,
        browser_or_error,
        browser_settings,
        ignored_variables,
        list_checks,
        open_runtime,
        provide_workspace_browser,
    )
    from outrider.app.selection import (
        display_name,
        empty_export_note,
        unknown_check_note,
        unknown_environment_note,
        unknown_location_note,
    )
    from outrider.app.service_state import ServiceStatus, service_status
    from outrider.app.silences import end_silence, list_silences, preview_silence, silence_incidents
    from outrider.app.step_judgements import judge_steps
    from outrider.app.stored_incidents import (
        IncidentList,
        Undelivered,
        acknowledge_incident,
        current_user,
        find_incident,
        find_stored_incident,
        list_incidents,
    )
    from outrider.app.stored_runs import artifact_file, list_runs, stored_run
    from outrider.app.typed_values import duration_s, master_address, moment_us, web_address
    from outrider.app.watched_runs import watch_checks
    from outrider.app.workspace_access import (
        create_workspace,
        find_workspace,
        find_workspace_if_any,
        judge_settings,
        now_us,
        open_store,
        prune_expired,
        register_checks,
    )
    from outrider.app.workspace_handle import OpenWorkspace, open_workspace
    from outrider.app.workspace_service import WorkspaceService
    from outrider.app.workspace_validation import Validation, suite_notes, validate_workspace
    from outrider.baselines import Condition, Knee, Signal, Verdict
    from outrider.frames import FrameFormat
    from outrider.gate import Accepted, Decision, FalseFails, GateVerdict, Look, Rules, Shard
    from outrider.gate import as_annotations as gate_as_annotations
    from outrider.gate import as_json as gate_as_json
    from outrider.gate import as_junit as gate_as_junit
    from outrider.gate import as_markdown as gate_as_markdown
    from outrider.gate import comparison_texts as gate_comparison_texts
    from outrider.gate import verdict_text as gate_verdict_text
    from outrider.journeys import Browser, browser_environment
    from outrider.load import Level, grouping_advice, levels, shown_name
    from outrider.reports import RequestPair, RunComparison, StepPair, comparison_json
    from outrider.runs import Judgement, Plan, Proof, ProofVerdict, StepStatus
    from outrider.store import Store
    from outrider.workspace import Scaffold, Workspace, format_duration

__all__ = [
    "Acceptance", "Accepted", "AcceptedFile", "AlertSettings", "BaselineDiff", "Browser", "Condition", "Decision",
    "DeliveryTest", "Discovery", "FalseFails", "FrameFormat", "GateListener", "GateOptions", "GateResult",
    "GateVerdict", "Incident", "IncidentList", "Judgement", "Knee", "KneeSearch", "Level", "LevelChange",
    "LoadListener", "LoadOutcome", "LoadOverrides", "Look", "OnCallShift", "OpenWorkspace", "Phase", "Plan",
    "ProgressListener", "Proof", "ProofListener", "ProofReport", "ProofVerdict", "Replayed", "ReportDocument",
    "ReportForm", "ReportFormat", "ReportPeriod", "RequestPair", "RequestedRun", "Rules", "RunComparison",
    "RunListener", "Runtime", "Scaffold", "Sensitivity", "SeriesSensitivity", "ServiceStatus", "Shard", "Signal",
    "SilenceEffect", "SilentListener", "SkippedCheck", "StepPair", "StepShift", "StepStatus", "Store", "Undelivered",
    "Validation", "Verdict", "WorkerOutcome", "Workspace", "WorkspaceService", "accept_baselines",
    "acknowledge_incident", "alert_settings", "artifact_file", "back_up", "backtest_rules", "browser_environment",
    "browser_or_error", "browser_settings", "calibrate_checks", "comment_gate", "compare_baselines",
    "compare_with_last_good", "comparison_document", "comparison_json", "create_workspace", "current_user",
    "debug_check", "display_name", "duration_s", "empty_export_note", "end_silence", "execute", "export_artifacts",
    "export_frames", "find_incident", "find_stored_incident", "find_workspace", "find_workspace_if_any",
    "format_duration", "gate_as_annotations", "gate_as_json", "gate_as_junit", "gate_as_markdown",
    "gate_comparison_texts", "gate_rules", "gate_verdict_text", "grouping_advice", "headline", "ignored_variables",
    "judge_runs", "judge_settings", "judge_steps", "level_changes", "levels", "list_checks", "list_incidents",
    "list_releases", "list_runs", "list_silences", "load_document", "mail_report", "mark_release", "master_address",
    "merge_gate_shards", "moment_us", "now_us", "open_runtime", "open_store", "open_workspace", "path_errors",
    "pause_checks", "period_document", "preview_silence", "prove_journeys", "provide_workspace_browser",
    "prune_expired", "read_baselines", "record_journey", "register_checks", "request_runs", "restore_backup",
    "resume_checks", "run_checks", "run_document", "run_gate", "run_load", "self_test_gate", "serve_heartbeats",
    "service_status", "shifts_ahead", "shown_name", "silence_incidents", "step_medians", "stored_run", "suite_notes",
    "try_alert_route", "unknown_check_note", "unknown_environment_note", "unknown_location_note", "validate_workspace",
    "watch_checks", "web_address", "work_for_master", "write_failure_pages",
]  # fmt: skip

_MODULES = {
    "outrider.reports": "RequestPair RunComparison StepPair comparison_json",
    "outrider.app.run_against": "compare_with_last_good",
    "outrider.app.codegen_session": "record_journey",
    "outrider.app.watched_runs": "watch_checks",
    "outrider.app.debug_run": "debug_check",
    "outrider.app.failure_pages": "write_failure_pages",
    "outrider.app.artifact_export": "export_artifacts",
    "outrider.alerts": "AlertSettings Incident Phase Replayed SilenceEffect headline",
    "outrider.app.accepted_baselines": (
        "Acceptance AcceptedFile BaselineDiff SkippedCheck StepShift accept_baselines compare_baselines "
        "read_baselines step_medians"
    ),
    "outrider.app.alert_configuration": "alert_settings",
    "outrider.app.check_control": "RequestedRun pause_checks request_runs resume_checks",
    "outrider.app.discovery": "Discovery",
    "outrider.app.fault_proof": "ProofReport prove_journeys",
    "outrider.app.frame_export": "export_frames",
    "outrider.app.gate_run": "GateOptions GateResult gate_rules merge_gate_shards run_gate self_test_gate",
    "outrider.app.heartbeat_server": "serve_heartbeats",
    "outrider.app.judge_sensitivity": "Sensitivity SeriesSensitivity calibrate_checks",
    "outrider.app.change_history": "LevelChange level_changes",
    "outrider.app.listeners": "GateListener LoadListener ProgressListener ProofListener RunListener SilentListener",
    "outrider.app.load_trial": "KneeSearch LoadOutcome LoadOverrides WorkerOutcome run_load work_for_master",
    "outrider.app.workspace_handle": "OpenWorkspace open_workspace",
    "outrider.app.release_marks": "list_releases mark_release",
    "outrider.app.pull_request_comment": "comment_gate",
    "outrider.app.report_documents": (
        "ReportDocument ReportForm Format=ReportFormat ReportPeriod load_document period_document "
        "run_document comparison_document"
    ),
    "outrider.app.report_mail": "mail_report",
    "outrider.app.oncall_shifts": "OnCallShift shifts_ahead",
    "outrider.app.route_test": "DeliveryTest try_alert_route",
    "outrider.app.rule_backtest": "backtest_rules",
    "outrider.app.run_execution": "execute judge_runs run_checks",
    "outrider.app.runtime": (
        "Runtime browser_or_error browser_settings list_checks open_runtime provide_workspace_browser ignored_variables"
    ),
    "outrider.app.requested_path": "path_errors",
    "outrider.app.selection": (
        "display_name empty_export_note unknown_check_note unknown_environment_note unknown_location_note"
    ),
    "outrider.app.service_state": "ServiceStatus service_status",
    "outrider.app.silences": "end_silence list_silences preview_silence silence_incidents",
    "outrider.app.step_judgements": "judge_steps",
    "outrider.app.backups": "back_up restore_backup",
    "outrider.app.stored_incidents": (
        "IncidentList Undelivered acknowledge_incident current_user find_incident find_stored_incident list_incidents"
    ),
    "outrider.app.stored_runs": "artifact_file list_runs stored_run",
    "outrider.app.typed_values": "duration_s master_address moment_us web_address",
    "outrider.app.workspace_access": (
        "create_workspace find_workspace find_workspace_if_any judge_settings now_us open_store prune_expired "
        "register_checks"
    ),
    "outrider.app.workspace_service": "WorkspaceService",
    "outrider.app.workspace_validation": "Validation suite_notes validate_workspace",
    "outrider.baselines": "Condition Knee Signal Verdict",
    "outrider.frames": "FrameFormat",
    "outrider.gate": (
        "Accepted Decision FalseFails GateVerdict Look Rules Shard as_annotations=gate_as_annotations "
        "as_json=gate_as_json "
        "as_junit=gate_as_junit as_markdown=gate_as_markdown comparison_texts=gate_comparison_texts "
        "verdict_text=gate_verdict_text"
    ),
    "outrider.journeys": "Browser browser_environment",
    "outrider.load": "Level grouping_advice levels shown_name",
    "outrider.runs": "Judgement Plan Proof ProofVerdict StepStatus",
    "outrider.store": "Store",
    "outrider.workspace": "Scaffold Workspace format_duration",
}
_HOMES = {
    alias or name: (module, name)
    for module, names in _MODULES.items()
    for name, _, alias in (entry.partition("=") for entry in names.split())
}


def __getattr__(name: str) -> object:
    """Import a name from its module (PEP 562)."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    module, attribute = _HOMES[name]
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value
