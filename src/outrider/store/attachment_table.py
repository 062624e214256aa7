"""Attachments of events, in a database and the artifact folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from outrider.model import AttachmentLog, EventAttachment, identity, is_event_id
from outrider.store.attachment_schema import event_attachments
from outrider.store.issue_schema import error_events
from outrider.store.rows import artifact_keys
from outrider.store.schema import artifacts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from outrider.model import ArtifactStore
    from outrider.store.database import Database
    from outrider.store.run_writer import Writer


class AttachmentTable(AttachmentLog):
    """Attachments; their contents are artifacts."""

    def __init__(self, database: Database, writer: Writer, folder: ArtifactStore) -> None:
        self._database = database
        self._writer = writer
        self._folder = folder

    def add(self, event: str, files: Sequence[tuple[str, str, Path]]) -> bool:
        own, event_id = event_attachments.c, bytes.fromhex(event)
        kept = select(error_events.c.id).where(error_events.c.id == event_id)
        wanted = kept.where(~select(own.event_id).where(own.event_id == event_id).exists())
        with self._database.reading() as connection:
            if not files or connection.execute(wanted).first() is None:
                return False
        taken = [self._folder.take(path) for _, _, path in files]

        def write(connection: Connection) -> bool:
            if connection.execute(wanted).first() is None:
                return False
            for content, (_, _, path) in zip(taken, files, strict=True):
                if self._folder.local and not self._folder.holds(content.digest):
                    self._folder.take(path)  # a collector was faster; now we are the one writer
            keys = artifact_keys(connection, taken)
            rows = [
                {"event_id": event_id, "number": number, "name": identity(name), "media_type": identity(media_type),
                 "artifact_key": keys[content.digest]}
                for number, (content, (name, media_type, _)) in enumerate(zip(taken, files, strict=True))
            ]  # fmt: skip
            connection.execute(insert(event_attachments), rows)
            return True

        return self._writer.write(write)

    def of(self, event: str) -> tuple[EventAttachment, ...]:
        if not is_event_id(event):
            return ()
        own = event_attachments.c
        columns = (own.name, own.media_type, artifacts.c.digest, artifacts.c.bytes)
        joined = select(*columns).join(artifacts, artifacts.c.key == own.artifact_key)
        wanted = joined.where(own.event_id == bytes.fromhex(event)).order_by(own.number)
        with self._database.reading() as connection:
            rows = connection.execute(wanted).all()
        return tuple(EventAttachment(row.name, row.media_type, bytes(row.digest).hex(), row.bytes) for row in rows)
