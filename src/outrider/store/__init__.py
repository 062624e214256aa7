"""Runs, samples and artifacts, kept: SQLite in a file or PostgreSQL by URL, and content-addressed files."""

from outrider.store.store import Store
from outrider.store.values import (
    Beat,
    Beats,
    Checkpoint,
    Points,
    Pruned,
    Release,
    Retention,
    RunSummary,
    Series,
    StoredArtifact,
    StoredCheck,
    StoredProof,
    StoredRun,
    Tally,
)

__all__ = [
    "Beat",
    "Beats",
    "Checkpoint",
    "Points",
    "Pruned",
    "Release",
    "Retention",
    "RunSummary",
    "Series",
    "Store",
    "StoredArtifact",
    "StoredCheck",
    "StoredProof",
    "StoredRun",
    "Tally",
]  # fmt: skip
