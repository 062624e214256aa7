"""What errors have in common, and what becomes of their issues; values to values, no I/O."""

from outrider.errors.attachment import (
    ATTACHMENT,
    SentAttachment,
    attachment_from_json,
    attachment_to_json,
    kept_attachments,
)
from outrider.errors.browser_stack import browser_frames
from outrider.errors.client_report import losses
from outrider.errors.envelope import BadEnvelope, EnvelopeItem, json_object, read_envelope
from outrider.errors.event_scrubber import EventScrubber
from outrider.errors.faro_payload import faro_documents, faro_logs, faro_others, faro_session
from outrider.errors.group_key import VERSION, earlier_keys, group, title_of_event
from outrider.errors.issue_search import OPEN_STATES, issue_query
from outrider.errors.life import (
    RECENT_US,
    EventMoment,
    Tally,
    arrived,
    counted,
    current,
    ignored,
    is_later,
    reopened,
    resolved,
)
from outrider.errors.message_form import message_form
from outrider.errors.otlp_error import EXCEPTION, environment_of, has_exception, log_error, span_error
from outrider.errors.printed_stack import printed_stack
from outrider.errors.project_telemetry import OTLP_SIGNALS, project_request, without_queries
from outrider.errors.rule_match import owner_of
from outrider.errors.run_error import has_errors, run_error_events, run_event_ids
from outrider.errors.security_report import read_reports
from outrider.errors.sentry_event import ReceivedEvent, event_id, read_sentry_event, time_us
from outrider.errors.sentry_session import SESSION_ITEMS, session_agent, session_counts, session_user
from outrider.errors.sentry_signals import (
    LOG_ITEMS,
    METRIC_ITEMS,
    SPAN_ITEMS,
    beyond_records,
    otlp_logs,
    otlp_metrics,
    otlp_spans,
)
from outrider.errors.source_map import LARGEST_MAP, SourceMap, debug_id_of, read_source_map
from outrider.errors.source_map_limits import BadSourceMap
from outrider.errors.suspect_commit import MOST_COMMITS, SuspectCommit, read_git_log, suspect_commits
from outrider.errors.symbolication import SCRIPT_PLATFORMS, debug_ids, script_paths, symbolicated
from outrider.errors.text_stack import stack_exceptions

__all__ = [
    "ATTACHMENT",
    "EXCEPTION",
    "LARGEST_MAP",
    "LOG_ITEMS",
    "METRIC_ITEMS",
    "MOST_COMMITS",
    "OPEN_STATES",
    "OTLP_SIGNALS",
    "RECENT_US",
    "SCRIPT_PLATFORMS",
    "SESSION_ITEMS",
    "SPAN_ITEMS",
    "VERSION",
    "BadEnvelope",
    "BadSourceMap",
    "EnvelopeItem",
    "EventMoment",
    "EventScrubber",
    "ReceivedEvent",
    "SentAttachment",
    "SourceMap",
    "SuspectCommit",
    "Tally",
    "arrived",
    "attachment_from_json",
    "attachment_to_json",
    "beyond_records",
    "browser_frames",
    "counted",
    "current",
    "debug_id_of",
    "debug_ids",
    "earlier_keys",
    "environment_of",
    "event_id",
    "faro_documents",
    "faro_logs",
    "faro_others",
    "faro_session",
    "group",
    "has_errors",
    "has_exception",
    "ignored",
    "is_later",
    "issue_query",
    "json_object",
    "kept_attachments",
    "log_error",
    "losses",
    "message_form",
    "otlp_logs",
    "otlp_metrics",
    "otlp_spans",
    "owner_of",
    "printed_stack",
    "project_request",
    "read_envelope",
    "read_git_log",
    "read_reports",
    "read_sentry_event",
    "read_source_map",
    "reopened",
    "resolved",
    "run_error_events",
    "run_event_ids",
    "script_paths",
    "session_agent",
    "session_counts",
    "session_user",
    "span_error",
    "stack_exceptions",
    "suspect_commits",
    "symbolicated",
    "time_us",
    "title_of_event",
    "without_queries",
]
