"""Runs, samples and artifacts, kept: SQLite in a file or PostgreSQL by URL, and content-addressed files."""

from outrider.store.store import Store

__all__ = ["Store"]
