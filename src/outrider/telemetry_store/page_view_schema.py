"""The table of page views: ordered by session, whose id begins with the time, so that its views lie together."""

from __future__ import annotations

from typing import Final

PAGE_VIEWS: Final = "outrider_page_views"
_NAME: Final = "LowCardinality(String)"
_FIGURE: Final = "Nullable(Float32)"

PAGE_VIEW_COLUMNS: Final = {
    "Timestamp": "DateTime64(6)", "Project": "UInt32", "ServiceName": _NAME, "Environment": _NAME, "Release": _NAME,
    "Session": "String", "View": "String", "Sequence": "UInt16", "Page": _NAME, "Url": "String", "Previous": "String",
    "Navigation": _NAME, "Device": _NAME, "Browser": _NAME, "System": _NAME, "Connection": _NAME, "Country": _NAME,
    "Network": "String", "User": "String", "Origin": _NAME, "TraceId": "String", "DurationMs": "UInt32",
    "LCP": _FIGURE, "INP": _FIGURE, "CLS": _FIGURE, "FCP": _FIGURE, "TTFB": _FIGURE,
    "Causes": f"Map({_NAME}, String)", "Errors": "UInt32", "RageClicks": "UInt32", "DeadClicks": "UInt32",
    "LongTasks": "UInt32", "LongTaskMs": "UInt32", "Calls": "UInt32", "FailedCalls": "UInt32", "Resources": "String",
    "Events": "String", "Cache": _NAME, "Power": _NAME, "Crashes": "UInt32",
}  # fmt: skip
"""In the order of the fields of `PageView`."""


def page_view_table(settings: str) -> str:
    """Return the statement that makes it."""
    columns = ", ".join(f"{name} {kind} CODEC(ZSTD(1))" for name, kind in PAGE_VIEW_COLUMNS.items())
    return (
        f"CREATE TABLE IF NOT EXISTS {{db}}.{PAGE_VIEWS} ({columns},"
        " INDEX idx_time Timestamp TYPE minmax GRANULARITY 1, INDEX idx_page Page TYPE set(100) GRANULARITY 1)"
        " ENGINE = ReplacingMergeTree(Sequence) PARTITION BY toDate(Timestamp) ORDER BY (Session, View)"
        f" {settings}"
    )


CONDITION_STEP: Final = (
    f"ALTER TABLE {{db}}.{PAGE_VIEWS} ADD COLUMN IF NOT EXISTS Cache {_NAME} CODEC(ZSTD(1)),"
    f" ADD COLUMN IF NOT EXISTS Power {_NAME} CODEC(ZSTD(1))",
)
"""Adds what was found of the browser's cache and machine."""

CRASH_STEP: Final = (f"ALTER TABLE {{db}}.{PAGE_VIEWS} ADD COLUMN IF NOT EXISTS Crashes UInt32 CODEC(ZSTD(1))",)
"""Adds how many errors nobody caught."""
