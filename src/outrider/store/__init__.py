"""Keeps runs, samples and artifacts: SQLAlchemy Core over SQLite (or PostgreSQL by URL), files behind fsspec."""

from outrider.store.reading import RunFilter, Series
from outrider.store.retention import Pruned, Retention
from outrider.store.store import Store, StoredProof

__all__ = ["Pruned", "Retention", "RunFilter", "Series", "Store", "StoredProof"]
