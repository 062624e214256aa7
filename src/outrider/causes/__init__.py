"""Explain a problem: where the time of a step went, which service is its root, and where the id of a trace was lost."""

from outrider.causes.asset_versions import asset_changes, asset_versions
from outrider.causes.attribution_text import (
    attribution_lines,
    between_name,
    change_text,
    count_text,
    other_name,
    runs_text,
)
from outrider.causes.capacity_plan import (
    CapacityPlan,
    ServiceHeadroom,
    ends_first,
    headrooms,
    reached,
    sustained_rate,
)
from outrider.causes.change_suspects import (
    FALSE_SHARE,
    JOINING_CHANCE,
    LOOKED_BACK_US,
    Change,
    ChangeKind,
    Changes,
    ChangeSuspect,
    change_suspects,
)
from outrider.causes.flame_frames import FlameFrame, flame_frames
from outrider.causes.har_requests import MOST_BYTES, MainThreadTask, WireRequest, main_thread_tasks, wire_requests
from outrider.causes.load_limits import (
    BELOW_KNEE,
    LimitedResource,
    LoadLimits,
    UsedResource,
    ends_at_knee,
    limits_of_load,
    used_resources,
)
from outrider.causes.lost_trace import Join, JoinVerdict, WalkedRequest, judge_join
from outrider.causes.metric_moves import move_starts
from outrider.causes.missing_spans import NamedTraces, missing_spans, problems_of, why_missing, why_unnamed
from outrider.causes.phase_parts import PHASE
from outrider.causes.service_suspects import WorseService, service_suspects
from outrider.causes.source_use import KNOWN_RESOURCES, SourceUse, source_use
from outrider.causes.span_tree import CYCLE, MISSING_PARENT, REPEATED_ID, SpanNode, SpanTree, span_tree
from outrider.causes.suspect_order import Observed, Suspect, rank_suspects
from outrider.causes.time_attribution import Share, TimeAttribution, TimePart, TracedStep, attribute_time
from outrider.causes.trace_parts import MOST_SPANS, Place
from outrider.causes.traced_runs import SlowerStep, TracedRuns, explain_slower_step

__all__ = [
    "BELOW_KNEE",
    "CYCLE",
    "FALSE_SHARE",
    "JOINING_CHANCE",
    "KNOWN_RESOURCES",
    "LOOKED_BACK_US",
    "MISSING_PARENT",
    "MOST_BYTES",
    "MOST_SPANS",
    "PHASE",
    "REPEATED_ID",
    "CapacityPlan",
    "Change",
    "ChangeKind",
    "ChangeSuspect",
    "Changes",
    "FlameFrame",
    "Join",
    "JoinVerdict",
    "LimitedResource",
    "LoadLimits",
    "MainThreadTask",
    "NamedTraces",
    "Observed",
    "Place",
    "ServiceHeadroom",
    "Share",
    "SlowerStep",
    "SourceUse",
    "SpanNode",
    "SpanTree",
    "Suspect",
    "TimeAttribution",
    "TimePart",
    "TracedRuns",
    "TracedStep",
    "UsedResource",
    "WalkedRequest",
    "WireRequest",
    "WorseService",
    "asset_changes",
    "asset_versions",
    "attribute_time",
    "attribution_lines",
    "between_name",
    "change_suspects",
    "change_text",
    "count_text",
    "ends_at_knee",
    "ends_first",
    "explain_slower_step",
    "flame_frames",
    "headrooms",
    "judge_join",
    "limits_of_load",
    "main_thread_tasks",
    "missing_spans",
    "move_starts",
    "other_name",
    "problems_of",
    "rank_suspects",
    "reached",
    "runs_text",
    "service_suspects",
    "source_use",
    "span_tree",
    "sustained_rate",
    "used_resources",
    "why_missing",
    "why_unnamed",
    "wire_requests",
]
