"""One loaded workspace, ready to execute: discovery, runs, loads, gates, the service, alerts and reports.

A function takes a workspace, a store and a listener, and returns frozen values: nothing here prints, ends the process
or looks at the current folder, `find_workspace` aside. Names are imported when they are used, so that a program pays
only for the rooms that it needs. Its folders stand in layers, too, as pyproject.toml says: processes at the top, then
service and pages; access, which opens a workspace with its store, is below all.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrider.alerts import (
        AlertSettings,
        Incident,
        Phase,
        Replayed,
        SilenceEffect,
        fill_in,
        headline,
        list_runbooks,
        movement_text,
        new_runbook,
        read_runbook,
        runbook_values,
    )
    from outrider.app.access.audit_trail import command_line_change, current_user, list_changes
    from outrider.app.access.listeners import (
        GateListener,
        LoadListener,
        ProgressListener,
        ProofListener,
        RunListener,
        SilentListener,
    )
    from outrider.app.access.requested_path import path_errors
    from outrider.app.access.selection import (
        display_name,
        unknown_check_note,
        unknown_environment_note,
        unknown_location_note,
    )
    from outrider.app.access.setting_overrides import override_note
    from outrider.app.access.typed_values import duration_s, master_address, moment_us, web_address
    from outrider.app.access.workspace_access import (
        create_workspace,
        find_workspace,
        find_workspace_if_any,
        judge_settings,
        now_us,
        open_store,
        prune_expired,
        register_checks,
        try_artifacts,
    )
    from outrider.app.alerting.alert_configuration import alert_settings
    from outrider.app.alerting.oncall_shifts import OnCallShift, shifts_ahead
    from outrider.app.alerting.route_test import DeliveryTest, try_alert_route
    from outrider.app.alerting.rule_backtest import backtest_rules
    from outrider.app.alerting.silences import end_silence, list_silences, silence_incidents
    from outrider.app.alerting.stored_incidents import (
        IncidentList,
        Undelivered,
        acknowledge_incident,
        assign_incident,
        comment_on_incident,
        find_incident,
        find_stored_incident,
        list_incidents,
    )
    from outrider.app.backends.backend import Backend, ask_server, open_backend
    from outrider.app.backends.error_backend import ShownIssue
    from outrider.app.backends.remote_backend import RemoteBackend
    from outrider.app.backends.server_handle import OpenServer, open_server
    from outrider.app.backends.workspace_handle import OpenWorkspace, open_workspace
    from outrider.app.documentation_topics import find_topic
    from outrider.app.errors.error_projects import (
        EVENTS_A_DAY,
        EVENTS_A_MINUTE,
        IssuedKey,
        KeyRequest,
        add_project,
        add_project_key,
        limit_project,
        list_project_keys,
        list_projects,
        revoke_project_key,
        rotate_project_key,
    )
    from outrider.app.errors.issue_actions import ISSUE_ACTIONS, change_issues, find_issue, issue_state, list_issues
    from outrider.app.errors.source_map_files import CheckedScript, MapScope, check_build, upload_maps
    from outrider.app.execution.codegen_session import record_journey
    from outrider.app.execution.debug_run import debug_check
    from outrider.app.execution.discovery import Discovery
    from outrider.app.execution.fault_proof import ProofReport, prove_journeys
    from outrider.app.execution.judge_sensitivity import (
        Sensitivity,
        SeriesSensitivity,
        calibrate_checks,
        chance_of_all,
    )
    from outrider.app.execution.load_trial import (
        KneeSearch,
        LoadOutcome,
        LoadOverrides,
        WorkerOutcome,
        run_load,
        work_for_master,
    )
    from outrider.app.execution.run_execution import execute, judge_runs, run_checks
    from outrider.app.execution.runtime import (
        Runtime,
        browser_or_error,
        browser_settings,
        ignored_variables,
        list_checks,
        open_runtime,
        provide_workspace_browser,
    )
    from outrider.app.execution.step_judgements import judge_steps, unjudged_metrics_note
    from outrider.app.execution.watched_runs import watch_checks
    from outrider.app.gate.accepted_baselines import (
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
    from outrider.app.gate.gate_run import (
        GateOptions,
        GateResult,
        gate_rules,
        merge_gate_shards,
        run_gate,
        self_test_gate,
    )
    from outrider.app.gate.pull_request_comment import comment_gate
    from outrider.app.locations.broker_access import broker_remains, broker_rights
    from outrider.app.locations.location_registry import (
        add_location,
        list_locations,
        remove_location,
        unused_location_note,
    )
    from outrider.app.locations.opened_worker import open_worker, worker_folder
    from outrider.app.lookup.dashboard_answers import answer_dashboard, read_dashboards
    from outrider.app.lookup.joined_telemetry import JoinedTelemetry, open_joined
    from outrider.app.lookup.run_traces import RunTrace, RunTraces, read_run_traces
    from outrider.app.lookup.service_facts import ReleaseMark, ServiceFacts, satisfied_ms
    from outrider.app.lookup.source_access import workspace_sources
    from outrider.app.lookup.source_queries import refused_queries
    from outrider.app.lookup.telemetry_access import (
        follow_logs,
        follow_spans,
        notable_patterns,
        open_telemetry,
        reach_when_back,
    )
    from outrider.app.lookup.telemetry_day import TelemetryDay, lost_today
    from outrider.app.lookup.trace_walk import walk_trace
    from outrider.app.pages.heartbeat_server import serve_heartbeats
    from outrider.app.pages.status_page_export import export_status_page, open_status_page
    from outrider.app.records.artifact_export import export_artifacts
    from outrider.app.records.check_control import RequestedRun, pause_checks, request_runs, resume_checks
    from outrider.app.records.release_marks import git_log, list_releases, mark_release
    from outrider.app.records.run_against import compare_with_last_good
    from outrider.app.records.saved_views import view_query
    from outrider.app.records.service_state import ServiceStatus, service_status
    from outrider.app.records.status_updates import open_status_incident, update_status_incident
    from outrider.app.records.stored_runs import artifact_file, list_runs, stored_run
    from outrider.app.records.token_registry import create_token, list_tokens, revoke_token
    from outrider.app.records.user_accounts import (
        add_user,
        find_user,
        list_sessions,
        list_users,
        remove_user,
        set_password,
        set_role,
        sign_out_user,
    )
    from outrider.app.reporting.failure_pages import write_failure_pages
    from outrider.app.reporting.frame_export import empty_range_note, export_frames
    from outrider.app.reporting.planned_capacity import capacity_plans
    from outrider.app.reporting.report_documents import Format as ReportFormat
    from outrider.app.reporting.report_documents import (
        ReportDocument,
        ReportForm,
        ReportPeriod,
        comparison_document,
        load_document,
        period_document,
        run_document,
    )
    from outrider.app.reporting.report_mail import mail_report
    from outrider.app.service.workspace_service import WorkspaceService
    from outrider.app.service.workspace_validation import Validation, suite_notes, validate_workspace
    from outrider.app.telemetry.telemetry_service import TelemetryService
    from outrider.app.upkeep.backups import back_up, restore_backup
    from outrider.app.upkeep.personal_data import Erasure, Inventory, PersonalData, open_personal_data
    from outrider.baselines import Condition, Knee, Signal, Verdict
    from outrider.causes import CapacityPlan, Join, ends_first, judge_join, reached
    from outrider.dashboard import (
        PanelAnswer,
        PanelTable,
        StatusIncident,
        alert_noise,
        api_dashboard,
        api_dashboards,
        cell_word,
        status_page_incidents,
    )
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
    from outrider.runs import Judgement, LevelChange, Plan, Proof, ProofVerdict, StepStatus, shown_attempt
    from outrider.store import Store, StoreCopy, copy_store
    from outrider.workspace import Scaffold, Workspace, format_duration

__all__ = [
    "EVENTS_A_DAY", "EVENTS_A_MINUTE", "ISSUE_ACTIONS", "Acceptance", "Accepted", "AcceptedFile", "AlertSettings",
    "Backend", "BaselineDiff", "Browser", "CapacityPlan", "CheckedScript", "Condition", "Decision", "DeliveryTest",
    "Discovery", "Erasure", "FalseFails", "FrameFormat", "GateListener", "GateOptions", "GateResult",
    "GateVerdict", "Incident", "IncidentList", "Inventory", "IssuedKey", "Join", "JoinedTelemetry", "Judgement",
    "KeyRequest", "Knee", "KneeSearch", "Level", "LevelChange", "LoadListener", "LoadOutcome", "LoadOverrides",
    "Look", "MapScope", "OnCallShift", "OpenServer", "OpenWorkspace", "PanelAnswer", "PanelTable", "PersonalData",
    "Phase", "Plan", "ProgressListener", "Proof", "ProofListener", "ProofReport", "ProofVerdict", "ReleaseMark",
    "RemoteBackend", "Replayed", "ReportDocument", "ReportForm", "ReportFormat", "ReportPeriod", "RequestPair",
    "RequestedRun", "Rules", "RunComparison", "RunListener", "RunTrace", "RunTraces", "Runtime", "Scaffold",
    "Sensitivity", "SeriesSensitivity", "ServiceFacts", "ServiceStatus", "Shard", "ShownIssue", "Signal",
    "SilenceEffect", "SilentListener", "SkippedCheck", "StatusIncident", "StepPair", "StepShift", "StepStatus",
    "Store", "StoreCopy", "TelemetryDay", "TelemetryService", "Undelivered", "Validation", "Verdict",
    "WorkerOutcome", "Workspace", "WorkspaceService", "accept_baselines", "acknowledge_incident", "add_location",
    "add_project", "add_project_key", "add_user", "alert_noise", "alert_settings", "answer_dashboard",
    "api_dashboard", "api_dashboards", "artifact_file", "ask_server", "assign_incident", "back_up",
    "backtest_rules", "broker_remains", "broker_rights", "browser_environment", "browser_or_error", "browser_settings",
    "calibrate_checks", "capacity_plans", "cell_word", "chance_of_all", "change_issues", "check_build",
    "command_line_change",
    "comment_gate", "comment_on_incident", "compare_baselines", "compare_with_last_good", "comparison_document",
    "comparison_json", "copy_store", "create_token", "create_workspace", "current_user", "debug_check",
    "display_name", "duration_s", "empty_range_note", "end_silence", "ends_first", "execute", "export_artifacts",
    "export_frames", "export_status_page", "fill_in", "find_incident", "find_issue", "find_stored_incident",
    "find_topic", "find_user", "find_workspace", "find_workspace_if_any", "follow_logs", "follow_spans",
    "format_duration", "gate_as_annotations", "gate_as_json", "gate_as_junit", "gate_as_markdown",
    "gate_comparison_texts", "gate_rules", "gate_verdict_text", "git_log", "grouping_advice", "headline",
    "ignored_variables", "issue_state", "judge_join", "judge_runs", "judge_settings", "judge_steps", "levels",
    "limit_project", "list_changes", "list_checks", "list_incidents", "list_issues", "list_locations",
    "list_project_keys", "list_projects", "list_releases", "list_runbooks", "list_runs", "list_sessions",
    "list_silences", "list_tokens", "list_users", "load_document", "lost_today", "mail_report", "mark_release",
    "master_address", "merge_gate_shards", "moment_us", "movement_text", "new_runbook", "notable_patterns",
    "now_us", "open_backend", "open_joined", "open_personal_data", "open_runtime", "open_server",
    "open_status_incident", "open_status_page", "open_store", "open_telemetry", "open_worker", "open_workspace",
    "override_note", "path_errors", "pause_checks", "period_document", "prove_journeys",
    "provide_workspace_browser", "prune_expired", "reach_when_back", "reached", "read_baselines",
    "read_dashboards", "read_run_traces", "read_runbook", "record_journey", "refused_queries", "register_checks",
    "remove_location", "remove_user", "request_runs", "restore_backup", "resume_checks", "revoke_project_key",
    "revoke_token", "rotate_project_key", "run_checks", "run_document", "run_gate", "run_load", "runbook_values",
    "satisfied_ms", "self_test_gate", "serve_heartbeats", "service_status", "set_password", "set_role",
    "shifts_ahead", "shown_attempt", "shown_name", "sign_out_user", "silence_incidents", "status_page_incidents",
    "step_medians",
    "stored_run", "suite_notes", "try_alert_route", "try_artifacts", "unjudged_metrics_note", "unknown_check_note",
    "unknown_environment_note", "unknown_location_note", "unused_location_note", "update_status_incident",
    "upload_maps",
    "validate_workspace", "view_query", "walk_trace", "watch_checks", "web_address", "work_for_master",
    "worker_folder", "workspace_sources", "write_failure_pages",
]  # fmt: skip

_MODULES = {
    "outrider.reports": "RequestPair RunComparison StepPair comparison_json",
    "outrider.app.records.run_against": "compare_with_last_good",
    "outrider.app.telemetry.telemetry_service": "TelemetryService",
    "outrider.app.lookup.run_traces": "RunTrace RunTraces read_run_traces",
    "outrider.app.lookup.service_facts": "ReleaseMark ServiceFacts satisfied_ms",
    "outrider.app.errors.error_projects": (
        "EVENTS_A_DAY EVENTS_A_MINUTE IssuedKey KeyRequest add_project add_project_key limit_project list_project_keys "
        "list_projects revoke_project_key rotate_project_key"
    ),
    "outrider.app.lookup.telemetry_day": "TelemetryDay lost_today",
    "outrider.app.lookup.telemetry_access": "follow_logs follow_spans notable_patterns open_telemetry reach_when_back",
    "outrider.app.execution.codegen_session": "record_journey",
    "outrider.app.execution.watched_runs": "watch_checks",
    "outrider.app.execution.debug_run": "debug_check",
    "outrider.app.reporting.failure_pages": "write_failure_pages",
    "outrider.app.records.artifact_export": "export_artifacts",
    "outrider.alerts": (
        "AlertSettings Incident Phase Replayed SilenceEffect fill_in headline list_runbooks movement_text new_runbook "
        "read_runbook runbook_values"
    ),
    "outrider.app.gate.accepted_baselines": (
        "Acceptance AcceptedFile BaselineDiff SkippedCheck StepShift accept_baselines compare_baselines "
        "read_baselines step_medians"
    ),
    "outrider.app.alerting.alert_configuration": "alert_settings",
    "outrider.app.locations.broker_access": "broker_remains broker_rights",
    "outrider.app.records.check_control": "RequestedRun pause_checks request_runs resume_checks",
    "outrider.app.execution.discovery": "Discovery",
    "outrider.app.documentation_topics": "find_topic",
    "outrider.app.execution.fault_proof": "ProofReport prove_journeys",
    "outrider.app.reporting.frame_export": "empty_range_note export_frames",
    "outrider.app.gate.gate_run": "GateOptions GateResult gate_rules merge_gate_shards run_gate self_test_gate",
    "outrider.app.pages.heartbeat_server": "serve_heartbeats",
    "outrider.app.lookup.joined_telemetry": "JoinedTelemetry open_joined",
    "outrider.app.execution.judge_sensitivity": "Sensitivity SeriesSensitivity calibrate_checks chance_of_all",
    "outrider.app.access.listeners": (
        "GateListener LoadListener ProgressListener ProofListener RunListener SilentListener"
    ),
    "outrider.app.execution.load_trial": "KneeSearch LoadOutcome LoadOverrides WorkerOutcome run_load work_for_master",
    "outrider.app.backends.workspace_handle": "OpenWorkspace open_workspace",
    "outrider.app.records.release_marks": "git_log list_releases mark_release",
    "outrider.app.upkeep.personal_data": "Erasure Inventory PersonalData open_personal_data",
    "outrider.app.gate.pull_request_comment": "comment_gate",
    "outrider.app.reporting.report_documents": (
        "ReportDocument ReportForm Format=ReportFormat ReportPeriod load_document period_document "
        "run_document comparison_document"
    ),
    "outrider.app.reporting.report_mail": "mail_report",
    "outrider.app.alerting.oncall_shifts": "OnCallShift shifts_ahead",
    "outrider.app.alerting.route_test": "DeliveryTest try_alert_route",
    "outrider.app.alerting.rule_backtest": "backtest_rules",
    "outrider.app.execution.run_execution": "execute judge_runs run_checks",
    "outrider.app.execution.runtime": (
        "Runtime browser_or_error browser_settings list_checks open_runtime provide_workspace_browser ignored_variables"
    ),
    "outrider.app.access.requested_path": "path_errors",
    "outrider.app.access.selection": ("display_name unknown_check_note unknown_environment_note unknown_location_note"),
    "outrider.app.backends.server_handle": "OpenServer open_server",
    "outrider.app.records.service_state": "ServiceStatus service_status",
    "outrider.app.lookup.source_access": "workspace_sources",
    "outrider.app.lookup.source_queries": "refused_queries",
    "outrider.app.errors.source_map_files": "CheckedScript MapScope check_build upload_maps",
    "outrider.app.pages.status_page_export": "export_status_page open_status_page",
    "outrider.app.records.status_updates": "open_status_incident update_status_incident",
    "outrider.dashboard": (
        "alert_noise PanelAnswer PanelTable StatusIncident api_dashboard api_dashboards cell_word status_page_incidents"
    ),
    "outrider.app.lookup.dashboard_answers": "answer_dashboard read_dashboards",
    "outrider.app.records.saved_views": "view_query",
    "outrider.app.access.setting_overrides": "override_note",
    "outrider.app.alerting.silences": "end_silence list_silences silence_incidents",
    "outrider.app.execution.step_judgements": "judge_steps unjudged_metrics_note",
    "outrider.app.backends.backend": "Backend ask_server open_backend",
    "outrider.app.backends.remote_backend": "RemoteBackend",
    "outrider.app.upkeep.backups": "back_up restore_backup",
    "outrider.app.alerting.stored_incidents": (
        "IncidentList Undelivered acknowledge_incident assign_incident comment_on_incident find_incident "
        "find_stored_incident list_incidents"
    ),
    "outrider.app.records.stored_runs": "artifact_file list_runs stored_run",
    "outrider.app.access.typed_values": "duration_s master_address moment_us web_address",
    "outrider.app.access.audit_trail": "command_line_change current_user list_changes",
    "outrider.app.backends.error_backend": "ShownIssue",
    "outrider.app.errors.issue_actions": "ISSUE_ACTIONS change_issues find_issue issue_state list_issues",
    "outrider.app.locations.location_registry": "add_location list_locations remove_location unused_location_note",
    "outrider.app.locations.opened_worker": "open_worker worker_folder",
    "outrider.app.records.token_registry": "create_token list_tokens revoke_token",
    "outrider.app.records.user_accounts": (
        "add_user find_user list_sessions list_users remove_user set_password set_role sign_out_user"
    ),
    "outrider.app.access.workspace_access": (
        "create_workspace find_workspace find_workspace_if_any judge_settings now_us open_store prune_expired "
        "register_checks try_artifacts"
    ),
    "outrider.app.service.workspace_service": "WorkspaceService",
    "outrider.app.service.workspace_validation": "Validation suite_notes validate_workspace",
    "outrider.app.lookup.trace_walk": "walk_trace",
    "outrider.app.reporting.planned_capacity": "capacity_plans",
    "outrider.causes": "CapacityPlan Join ends_first judge_join reached",
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
    "outrider.runs": "Judgement LevelChange Plan Proof ProofVerdict StepStatus shown_attempt",
    "outrider.store": "Store StoreCopy copy_store",
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
