"""The table of attachments of events."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from outrider.store.schema import metadata

event_attachments = Table(
    "event_attachments", metadata,
    Column("event_id", LargeBinary(16), ForeignKey("error_events.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("media_type", String, nullable=False),
    Column("artifact_key", ForeignKey("artifacts.key"), nullable=False, index=True),
)  # fmt: skip
