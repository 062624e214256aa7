"""Incidents, routes, escalation and delivery."""

from outrider.alerts.alert_file import parse_open, read_alerts
from outrider.alerts.alert_processor import AlertProcessor
from outrider.alerts.alert_settings import ALERTS_FILE, AlertSettings, ReceiverSettings
from outrider.alerts.backtest import Replayed, replayed, stored_findings
from outrider.alerts.composition import headline, length, release_note
from outrider.alerts.confirmation import Thresholds
from outrider.alerts.delivery import Deliverer, Health, Lane, test_row
from outrider.alerts.finding import LOCATION, Facts, Finding, FindingKey, Problem, Severity, check_of, is_check
from outrider.alerts.incident import AFFECTED_USERS, ERROR_MEANWHILE, NOT_KNOWN, Incident, Phase, Quote
from outrider.alerts.incident_records import read_incident, read_incidents
from outrider.alerts.incident_tracker import IncidentTracker
from outrider.alerts.issue_findings import issue_findings
from outrider.alerts.location_findings import location_findings
from outrider.alerts.matcher import Matcher, all_hold, parse_matcher
from outrider.alerts.message import Enclosure, Item, Message
from outrider.alerts.mute_reason import why_muted
from outrider.alerts.notification_kind import NotificationKind
from outrider.alerts.oncall import Rotation
from outrider.alerts.query_rule import PROMQL, QueryRule
from outrider.alerts.query_values import as_measure, as_query
from outrider.alerts.quota_findings import quota_findings
from outrider.alerts.rendered_message import LinkMaker, PictureMaker
from outrider.alerts.report_message import message_checks, message_incidents, report_message, report_rows
from outrider.alerts.route_preview import RoutePreview, RoutingPreview, parse_labels, preview_routing
from outrider.alerts.rule_file import rules_of
from outrider.alerts.rule_findings import baseline_findings, threshold_findings
from outrider.alerts.run_findings import FindingContext, check_labels, findings
from outrider.alerts.runbooks import (
    fill_in,
    list_runbooks,
    new_runbook,
    read_runbook,
    runbook_address,
    runbook_of,
    runbook_values,
)
from outrider.alerts.shared_cause import consequences_of, root_of
from outrider.alerts.silence_effect import SilenceEffect, matches_check, silence_effect, unmatched_rules
from outrider.alerts.slower_step import slower_step_of
from outrider.alerts.subject_findings import movement_text, subject_findings
from outrider.alerts.trend_rules import survey

__all__ = [
    "AFFECTED_USERS",
    "ALERTS_FILE",
    "ERROR_MEANWHILE",
    "LOCATION",
    "NOT_KNOWN",
    "PROMQL",
    "AlertProcessor",
    "AlertSettings",
    "Deliverer",
    "Enclosure",
    "Facts",
    "Finding",
    "FindingContext",
    "FindingKey",
    "Health",
    "Incident",
    "IncidentTracker",
    "Item",
    "Lane",
    "LinkMaker",
    "Matcher",
    "Message",
    "NotificationKind",
    "Phase",
    "PictureMaker",
    "Problem",
    "QueryRule",
    "Quote",
    "ReceiverSettings",
    "Replayed",
    "Rotation",
    "RoutePreview",
    "RoutingPreview",
    "Severity",
    "SilenceEffect",
    "Thresholds",
    "all_hold",
    "as_measure",
    "as_query",
    "baseline_findings",
    "check_labels",
    "check_of",
    "consequences_of",
    "fill_in",
    "findings",
    "headline",
    "is_check",
    "issue_findings",
    "length",
    "list_runbooks",
    "location_findings",
    "matches_check",
    "message_checks",
    "message_incidents",
    "movement_text",
    "new_runbook",
    "parse_labels",
    "parse_matcher",
    "parse_open",
    "preview_routing",
    "quota_findings",
    "read_alerts",
    "read_incident",
    "read_incidents",
    "read_runbook",
    "release_note",
    "replayed",
    "report_message",
    "report_rows",
    "root_of",
    "rules_of",
    "runbook_address",
    "runbook_of",
    "runbook_values",
    "silence_effect",
    "slower_step_of",
    "stored_findings",
    "subject_findings",
    "survey",
    "test_row",
    "threshold_findings",
    "unmatched_rules",
    "why_muted",
]
