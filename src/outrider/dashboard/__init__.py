"""What pages and the API show: values out of the store, and those as HTML. It knows no HTTP."""

from outrider.dashboard.access_pages import (
    AccountView,
    NewToken,
    SignInForm,
    SignInWays,
    account_page,
    notice_page,
    sign_in_page,
    tokens_page,
)
from outrider.dashboard.acknowledge_page import AcknowledgeView, acknowledge_page
from outrider.dashboard.annotation_page import annotations_page
from outrider.dashboard.annotation_view import AnnotationBody, api_annotations
from outrider.dashboard.api_answers import api_check, api_checks, api_incident, api_incidents, api_run, api_runs
from outrider.dashboard.api_values import CheckBody, CheckPage, IncidentBody, IncidentPage, RunBody, RunPage
from outrider.dashboard.artifact_types import ServedType, served_type
from outrider.dashboard.audit_page import ChangeBody, ChangePage, api_changes, audit_page
from outrider.dashboard.change_history import ChangedTelemetry, ChangeRecords, met_services
from outrider.dashboard.changes_view import ChangesView, change_causes, change_quotes, changes_of
from outrider.dashboard.check_answers import LevelChangeBody, PolicyPage, api_level_changes, api_policies
from outrider.dashboard.check_detail import SPANS, USUAL_DAYS, CheckDetail, CheckQuery, check_detail
from outrider.dashboard.check_page import check_page
from outrider.dashboard.dashboard_file import DashboardFile, DashboardShelf, dashboard_problems
from outrider.dashboard.dashboards_page import (
    DashboardBody,
    DashboardList,
    api_dashboard,
    api_dashboards,
    dashboard_page,
    dashboards_page,
)
from outrider.dashboard.gate_view import (
    VERDICTS,
    GateBody,
    GatePage,
    GateQuery,
    api_gate,
    api_gates,
    gate_decision,
    gate_page,
    gates_page,
)
from outrider.dashboard.history_answers import (
    MOST_RANGE_US,
    MOST_SAMPLES,
    ReleaseHealthBody,
    ReleasePage,
    SamplePage,
    SampleQuery,
    SeriesPage,
    SilencePage,
    api_release_health,
    api_releases,
    api_samples,
    api_series,
    api_silences,
)
from outrider.dashboard.hosts_page import host_page, hosts_page
from outrider.dashboard.incident_quotes import (
    SPANS_SENT_US,
    OutsideErrors,
    QuotedRecords,
    awaits_spans,
    incident_quotes,
)
from outrider.dashboard.incident_view import incident_detail, incident_list
from outrider.dashboard.issue_list import IssuePage, api_issues, issues_page
from outrider.dashboard.issue_view import (
    EventBody,
    IssueBody,
    api_event,
    api_issue,
    issue_detail,
    issue_page,
    issue_suspects,
)
from outrider.dashboard.lab_field import (
    LabField,
    LabFields,
    explanation,
    lab_and_field,
    lab_field_of_check,
    signed_figure,
)
from outrider.dashboard.lead_time_view import incident_lead_time, user_quotes
from outrider.dashboard.list_pages import incident_page, incidents_page, releases_page
from outrider.dashboard.log_page import logs_page, logs_problem_page, record_rows, surrounding_logs_page
from outrider.dashboard.log_view import log_view, record_key
from outrider.dashboard.missing_traces import SpanKeeping, run_without_spans
from outrider.dashboard.named_causes import CauseTelemetry, cause_traces, is_named, named_causes
from outrider.dashboard.noise_view import NoiseBody, alert_noise, api_noise
from outrider.dashboard.notable_view import NotableBody, api_notable, found_patterns
from outrider.dashboard.on_call_view import MOST_DAYS_AHEAD, USUAL_DAYS_AHEAD, OnCallBody, api_on_call, on_call_page
from outrider.dashboard.overview import Filter, OverviewView, overview
from outrider.dashboard.overview_page import overview_page, wall_page
from outrider.dashboard.page_addresses import (
    check_path,
    incident_path,
    issue_path,
    logs_path,
    read_moment,
    read_position,
    read_row_position,
    saved_view_path,
    write_row_position,
)
from outrider.dashboard.page_templates import (
    ALERTS,
    EVERYTHING,
    Asset,
    PageContext,
    PageViewer,
    page_assets,
    problem_page,
    render,
)
from outrider.dashboard.panel_answers import DashboardView, PanelAnswer, dashboard_view
from outrider.dashboard.panel_table import PanelTable, cell_word
from outrider.dashboard.pattern_view import patterns_view
from outrider.dashboard.query_view import QueryProblem, query_problem
from outrider.dashboard.reader_clock import ReaderClock
from outrider.dashboard.real_user_answers import (
    LabFieldBody,
    SessionBody,
    SessionsBody,
    VitalsBody,
    api_lab_field,
    api_session,
    api_sessions,
    api_vitals,
)
from outrider.dashboard.related import Related, RelatedKind, RelatedTelemetry, related, related_of, related_page
from outrider.dashboard.release_view import HEALTH_DAYS, HEALTH_ROWS, HealthList, release_health, release_list
from outrider.dashboard.replay_answers import (
    ReplayBody,
    ReplayPage,
    api_replay,
    api_replays,
    replay_lines,
    replay_parts,
)
from outrider.dashboard.replay_page import replay_page
from outrider.dashboard.report_list import ReportBody, ReportListBody, api_reports, reports_page
from outrider.dashboard.report_request import KINDS, PARTS, ReportName, ReportShelf
from outrider.dashboard.routing_view import RoutingBody, api_routing, routing_page
from outrider.dashboard.run_detail import RunDetail, run_detail
from outrider.dashboard.run_files import FileLinks
from outrider.dashboard.run_page import run_page
from outrider.dashboard.runbook_page import runbook_page
from outrider.dashboard.running_load import LOAD_TOPIC, running_load
from outrider.dashboard.running_load_page import running_load_page
from outrider.dashboard.saved_view_list import ViewChoices, ViewsBody, api_views, view_choices
from outrider.dashboard.search_page import search_page
from outrider.dashboard.service_answers import SilencePreviewBody, StatusBody, api_silence_preview, api_status
from outrider.dashboard.service_page import ServiceBody, api_service, service_page
from outrider.dashboard.services_page import service_map_page, services_page, watched_service_page
from outrider.dashboard.services_view import ServicesSpan
from outrider.dashboard.sessions_page import TROUBLES, session_page, sessions_page
from outrider.dashboard.setting_control import SettingControl
from outrider.dashboard.settings_page import (
    SettingItem,
    SettingList,
    api_setting,
    api_settings,
    settings_of,
    settings_page,
)
from outrider.dashboard.silences_page import SilenceForm, silences_page
from outrider.dashboard.site_search import SearchBody, search_everything
from outrider.dashboard.slow_comparison import compare_slow
from outrider.dashboard.sources import Sources
from outrider.dashboard.span_view import spans_page, spans_problem_page, spans_view
from outrider.dashboard.status_documents import StatusDocument, status_documents
from outrider.dashboard.status_editor_page import status_page_page
from outrider.dashboard.status_incidents import StatusIncident
from outrider.dashboard.status_page_view import (
    StatusPageSources,
    StatusPageView,
    status_page_incidents,
    status_page_view,
)
from outrider.dashboard.telemetry_answers import (
    HostsBody,
    LogPage,
    Measure,
    RatesBody,
    RuntimeBody,
    SpanPage,
    TraceBody,
    api_hosts,
    api_logs,
    api_measured_logs,
    api_measured_spans,
    api_rates,
    api_runtime,
    api_spans,
    api_trace,
    log_item,
    span_item,
)
from outrider.dashboard.telemetry_source import TelemetrySource
from outrider.dashboard.trace_view import LEVELS, trace_page, trace_view
from outrider.dashboard.unmeasured_view import WHYS, UnmeasuredPage, api_unmeasured, unmeasured_page
from outrider.dashboard.vital_figures import vital_figure
from outrider.dashboard.vitals_page import vitals_page

__all__ = [
    "ALERTS",
    "EVERYTHING",
    "HEALTH_DAYS",
    "HEALTH_ROWS",
    "KINDS",
    "LEVELS",
    "LOAD_TOPIC",
    "MOST_DAYS_AHEAD",
    "MOST_RANGE_US",
    "MOST_SAMPLES",
    "PARTS",
    "SPANS",
    "SPANS_SENT_US",
    "TROUBLES",
    "USUAL_DAYS",
    "USUAL_DAYS_AHEAD",
    "VERDICTS",
    "WHYS",
    "AccountView",
    "AcknowledgeView",
    "AnnotationBody",
    "Asset",
    "CauseTelemetry",
    "ChangeBody",
    "ChangePage",
    "ChangeRecords",
    "ChangedTelemetry",
    "ChangesView",
    "CheckBody",
    "CheckDetail",
    "CheckPage",
    "CheckQuery",
    "DashboardBody",
    "DashboardFile",
    "DashboardList",
    "DashboardShelf",
    "DashboardView",
    "EventBody",
    "FileLinks",
    "Filter",
    "GateBody",
    "GatePage",
    "GateQuery",
    "HealthList",
    "HostsBody",
    "IncidentBody",
    "IncidentPage",
    "IssueBody",
    "IssuePage",
    "LabField",
    "LabFieldBody",
    "LabFields",
    "LevelChangeBody",
    "LogPage",
    "Measure",
    "NewToken",
    "NoiseBody",
    "NotableBody",
    "OnCallBody",
    "OutsideErrors",
    "OverviewView",
    "PageContext",
    "PageViewer",
    "PanelAnswer",
    "PanelTable",
    "PolicyPage",
    "QueryProblem",
    "QuotedRecords",
    "RatesBody",
    "ReaderClock",
    "Related",
    "RelatedKind",
    "RelatedTelemetry",
    "ReleaseHealthBody",
    "ReleasePage",
    "ReplayBody",
    "ReplayPage",
    "ReportBody",
    "ReportListBody",
    "ReportName",
    "ReportShelf",
    "RoutingBody",
    "RunBody",
    "RunDetail",
    "RunPage",
    "RuntimeBody",
    "SamplePage",
    "SampleQuery",
    "SearchBody",
    "SeriesPage",
    "ServedType",
    "ServiceBody",
    "ServicesSpan",
    "SessionBody",
    "SessionsBody",
    "SettingControl",
    "SettingItem",
    "SettingList",
    "SignInForm",
    "SignInWays",
    "SilenceForm",
    "SilencePage",
    "SilencePreviewBody",
    "Sources",
    "SpanKeeping",
    "SpanPage",
    "StatusBody",
    "StatusDocument",
    "StatusIncident",
    "StatusPageSources",
    "StatusPageView",
    "TelemetrySource",
    "TraceBody",
    "UnmeasuredPage",
    "ViewChoices",
    "ViewsBody",
    "VitalsBody",
    "account_page",
    "acknowledge_page",
    "alert_noise",
    "annotations_page",
    "api_annotations",
    "api_changes",
    "api_check",
    "api_checks",
    "api_dashboard",
    "api_dashboards",
    "api_event",
    "api_gate",
    "api_gates",
    "api_hosts",
    "api_incident",
    "api_incidents",
    "api_issue",
    "api_issues",
    "api_lab_field",
    "api_level_changes",
    "api_logs",
    "api_measured_logs",
    "api_measured_spans",
    "api_noise",
    "api_notable",
    "api_on_call",
    "api_policies",
    "api_rates",
    "api_release_health",
    "api_releases",
    "api_replay",
    "api_replays",
    "api_reports",
    "api_routing",
    "api_run",
    "api_runs",
    "api_runtime",
    "api_samples",
    "api_series",
    "api_service",
    "api_session",
    "api_sessions",
    "api_setting",
    "api_settings",
    "api_silence_preview",
    "api_silences",
    "api_spans",
    "api_status",
    "api_trace",
    "api_unmeasured",
    "api_views",
    "api_vitals",
    "audit_page",
    "awaits_spans",
    "cause_traces",
    "cell_word",
    "change_causes",
    "change_quotes",
    "changes_of",
    "check_detail",
    "check_page",
    "check_path",
    "compare_slow",
    "dashboard_page",
    "dashboard_problems",
    "dashboard_view",
    "dashboards_page",
    "explanation",
    "found_patterns",
    "gate_decision",
    "gate_page",
    "gates_page",
    "host_page",
    "hosts_page",
    "incident_detail",
    "incident_lead_time",
    "incident_list",
    "incident_page",
    "incident_path",
    "incident_quotes",
    "incidents_page",
    "is_named",
    "issue_detail",
    "issue_page",
    "issue_path",
    "issue_suspects",
    "issues_page",
    "lab_and_field",
    "lab_field_of_check",
    "log_item",
    "log_view",
    "logs_page",
    "logs_path",
    "logs_problem_page",
    "met_services",
    "named_causes",
    "notice_page",
    "on_call_page",
    "overview",
    "overview_page",
    "page_assets",
    "patterns_view",
    "problem_page",
    "query_problem",
    "read_moment",
    "read_position",
    "read_row_position",
    "record_key",
    "record_rows",
    "related",
    "related_of",
    "related_page",
    "release_health",
    "release_list",
    "releases_page",
    "render",
    "replay_lines",
    "replay_page",
    "replay_parts",
    "reports_page",
    "routing_page",
    "run_detail",
    "run_page",
    "run_without_spans",
    "runbook_page",
    "running_load",
    "running_load_page",
    "saved_view_path",
    "search_everything",
    "search_page",
    "served_type",
    "service_map_page",
    "service_page",
    "services_page",
    "session_page",
    "sessions_page",
    "settings_of",
    "settings_page",
    "sign_in_page",
    "signed_figure",
    "silences_page",
    "span_item",
    "spans_page",
    "spans_problem_page",
    "spans_view",
    "status_documents",
    "status_page_incidents",
    "status_page_page",
    "status_page_view",
    "surrounding_logs_page",
    "tokens_page",
    "trace_page",
    "trace_view",
    "unmeasured_page",
    "user_quotes",
    "view_choices",
    "vital_figure",
    "vitals_page",
    "wall_page",
    "watched_service_page",
    "write_row_position",
]
