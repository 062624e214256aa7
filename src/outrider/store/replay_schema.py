"""The table of replays, part by part."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from outrider.store.schema import Key, metadata

replays = Table(
    "replays", metadata,
    Column("key", Key, primary_key=True),
    Column("session", String(32), nullable=False),
    Column("recording", String(16), nullable=False),
    Column("number", Integer, nullable=False),
    Column("project", Integer, nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("end_us", BigInteger, nullable=False),
    Column("has_snapshot", Boolean, nullable=False),
    Column("events", Integer, nullable=False),
    Column("page", Text, nullable=False),
    Column("error_ids", Text, nullable=False, server_default=""),
    Column("artifact_key", ForeignKey("artifacts.key"), nullable=False, index=True),
    Index("replays_by_part", "session", "recording", "number", unique=True),
    Index("replays_by_start", "start_us"),
)  # fmt: skip
