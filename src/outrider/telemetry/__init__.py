"""Telemetry as clients send it: bytes -> bounded, scrubbed values, kept on disk until the store has them. No HTTP.

Reading a request needs the extra `telemetry`.
"""

from outrider.telemetry.attribute_reader import AttributeReader
from outrider.telemetry.beacon_intake import MOST_BEACON_BYTES, MOST_FARO_BYTES, BeaconHead, BeaconIntake
from outrider.telemetry.day_ledger import LEDGER, DayBudget, DayLedger, LedgerDay, read_ledger
from outrider.telemetry.digestion import Digestion
from outrider.telemetry.disk_room import DiskRoom
from outrider.telemetry.erased_lines import blank_lines, locked
from outrider.telemetry.error_digestion import ErrorDigestion, add_events, read_event
from outrider.telemetry.error_intake import ErrorIntake, ErrorRequestHead, KnownKeys, RefusedErrors
from outrider.telemetry.forwarder import FORWARDED_BY, Forwarder, ForwardQueue, ForwardTarget
from outrider.telemetry.intake import Intake
from outrider.telemetry.limits import USUAL_LIMITS, Limits, Share, Tally
from outrider.telemetry.log_follower import FilePattern, LogFollower
from outrider.telemetry.otlp_body import JSON, PROTOBUF, BadTelemetry, SignalKind, failure
from outrider.telemetry.page_view_digestion import PageViewDigestion
from outrider.telemetry.replay_intake import MOST_REPLAY_BYTES, ReplayIntake, ReplayPlace
from outrider.telemetry.run_export import RunExport
from outrider.telemetry.scrubber import Scrubber
from outrider.telemetry.span_sampler import KeepRules, SpanSampler
from outrider.telemetry.spool import Record, Spool, SpoolFull, read_segment
from outrider.telemetry.stacked_lines import Grouping
from outrider.telemetry.syslog_message import SYSLOG, SyslogFrames, SyslogReader

__all__ = [
    "FORWARDED_BY",
    "JSON",
    "LEDGER",
    "MOST_BEACON_BYTES",
    "MOST_FARO_BYTES",
    "MOST_REPLAY_BYTES",
    "PROTOBUF",
    "SYSLOG",
    "USUAL_LIMITS",
    "AttributeReader",
    "BadTelemetry",
    "BeaconHead",
    "BeaconIntake",
    "DayBudget",
    "DayLedger",
    "Digestion",
    "DiskRoom",
    "ErrorDigestion",
    "ErrorIntake",
    "ErrorRequestHead",
    "FilePattern",
    "ForwardQueue",
    "ForwardTarget",
    "Forwarder",
    "Grouping",
    "Intake",
    "KeepRules",
    "KnownKeys",
    "LedgerDay",
    "Limits",
    "LogFollower",
    "PageViewDigestion",
    "Record",
    "RefusedErrors",
    "ReplayIntake",
    "ReplayPlace",
    "RunExport",
    "Scrubber",
    "Share",
    "SignalKind",
    "SpanSampler",
    "Spool",
    "SpoolFull",
    "SyslogFrames",
    "SyslogReader",
    "Tally",
    "add_events",
    "blank_lines",
    "failure",
    "locked",
    "read_event",
    "read_ledger",
    "read_segment",
]
