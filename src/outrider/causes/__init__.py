"""Explain a problem: where the time of a step went, and where the id of a trace was lost."""

from outrider.causes.attribution_text import attribution_lines, change_text, count_text, runs_text
from outrider.causes.lost_trace import Join, JoinVerdict, WalkedRequest, judge_join
from outrider.causes.span_tree import CYCLE, MISSING_PARENT, REPEATED_ID, SpanNode, SpanTree, span_tree
from outrider.causes.time_attribution import Share, TimeAttribution, TimePart, TracedStep, attribute_time
from outrider.causes.trace_parts import Place
from outrider.causes.traced_runs import SlowerStep, TracedRuns, explain_slower_step

__all__ = [
    "CYCLE",
    "MISSING_PARENT",
    "REPEATED_ID",
    "Join",
    "JoinVerdict",
    "Place",
    "Share",
    "SlowerStep",
    "SpanNode",
    "SpanTree",
    "TimeAttribution",
    "TimePart",
    "TracedRuns",
    "TracedStep",
    "WalkedRequest",
    "attribute_time",
    "attribution_lines",
    "change_text",
    "count_text",
    "explain_slower_step",
    "judge_join",
    "runs_text",
    "span_tree",
]
