"""Telemetry kept and asked: chDB in a process of its own, or ClickHouse by URL, behind one client."""

from outrider.telemetry_store.engine_process import EngineOptions, EngineProcess, running_engine
from outrider.telemetry_store.engine_record import check_extra, damaged_parts
from outrider.telemetry_store.notable_patterns import NOTABLE_FILE, read_notable, replace_file, write_notable
from outrider.telemetry_store.partition_pruner import DroppedPart, TelemetryRetention
from outrider.telemetry_store.pattern_tree import PatternNode, PatternTree, spoken_parts
from outrider.telemetry_store.query_terms import QueryError
from outrider.telemetry_store.query_text import QueryPart, QueryText
from outrider.telemetry_store.query_variables import fill_variables
from outrider.telemetry_store.question_check import check_key, check_measure, check_timeless_query
from outrider.telemetry_store.telemetry_search import QueryLimits
from outrider.telemetry_store.telemetry_store import TelemetryStore

__all__ = [
    "NOTABLE_FILE",
    "DroppedPart",
    "EngineOptions",
    "EngineProcess",
    "PatternNode",
    "PatternTree",
    "QueryError",
    "QueryLimits",
    "QueryPart",
    "QueryText",
    "TelemetryRetention",
    "TelemetryStore",
    "check_extra",
    "check_key",
    "check_measure",
    "check_timeless_query",
    "damaged_parts",
    "fill_variables",
    "read_notable",
    "replace_file",
    "running_engine",
    "spoken_parts",
    "write_notable",
]
