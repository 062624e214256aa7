"""Runs, samples and artifacts, kept: SQLite in a file or PostgreSQL by URL, and content-addressed files."""

from outrider.store.store import Store
from outrider.store.values import (
    Points,
    Proof,
    Pruned,
    Retention,
    RunSummary,
    Series,
    StoredArtifact,
    StoredCheck,
    StoredRun,
)

__all__ = [
    "Points", "Proof", "Pruned", "Retention", "RunSummary", "Series", "Store", "StoredArtifact", "StoredCheck",
    "StoredRun",
]  # fmt: skip
