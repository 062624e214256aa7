"""Runs, samples and artifacts, kept: SQLite in a file or PostgreSQL by URL, and content-addressed files."""

from outrider.store.schedule import Schedule
from outrider.store.store import Store
from outrider.store.values import (
    Beat,
    Beats,
    Checkpoint,
    Coverage,
    Leadership,
    Pause,
    Points,
    Pruned,
    QueueEntry,
    Release,
    Retention,
    RunSummary,
    Series,
    StoredArtifact,
    StoredCheck,
    StoredProof,
    StoredRun,
)

__all__ = [
    "Beat",
    "Beats",
    "Checkpoint",
    "Coverage",
    "Leadership",
    "Pause",
    "Points",
    "Pruned",
    "QueueEntry",
    "Release",
    "Retention",
    "RunSummary",
    "Schedule",
    "Series",
    "Store",
    "StoredArtifact",
    "StoredCheck",
    "StoredProof",
    "StoredRun",
]  # fmt: skip
