"""The CI decision: whether a candidate is worse than its base or accepted baseline."""

from outrider.gate.accepted import Accepted, file_of, read_accepted, write_accepted
from outrider.gate.address import Address, astray
from outrider.gate.collection import Gathered, Limits, Look, Source, Stop, gather
from outrider.gate.decision import (
    ELSEWHERE_MARGIN,
    Decision,
    GateVerdict,
    Rules,
    StepComparison,
    decide,
    unmatched,
    unnamed_steps,
)
from outrider.gate.fingerprint import Fingerprint, fingerprint_here
from outrider.gate.gate_report import as_annotations, as_json, as_junit, as_markdown, comparison_texts, verdict_text
from outrider.gate.gate_self_test import FalseFails, false_fails
from outrider.gate.run_session import Session, session_of, sessions_of
from outrider.gate.shard import Shard, ShardResult, merge, read_shard

__all__ = [
    "ELSEWHERE_MARGIN",
    "Accepted",
    "Address",
    "Decision",
    "FalseFails",
    "Fingerprint",
    "GateVerdict",
    "Gathered",
    "Limits",
    "Look",
    "Rules",
    "Session",
    "Shard",
    "ShardResult",
    "Source",
    "StepComparison",
    "Stop",
    "as_annotations",
    "as_json",
    "as_junit",
    "as_markdown",
    "astray",
    "comparison_texts",
    "decide",
    "false_fails",
    "file_of",
    "fingerprint_here",
    "gather",
    "merge",
    "read_accepted",
    "read_shard",
    "session_of",
    "sessions_of",
    "unmatched",
    "unnamed_steps",
    "verdict_text",
    "write_accepted",
]
