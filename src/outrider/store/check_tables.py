"""Checks, proofs and the calls of heartbeats, in a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import CheckRegistry, HeartbeatLog, ProofLog
from outrider.store.beat_rows import is_noted, note_look, read_beats, write_beat, write_listened
from outrider.store.check_alias import rename
from outrider.store.check_rows import read_checks, read_proofs, write_checks, write_proofs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrider.model import Beat, Beats, Check, CheckId, RunId, StoredCheck, StoredProof
    from outrider.store.database import Database
    from outrider.store.run_writer import Writer


class CheckTable(CheckRegistry):
    """Checks and their former names."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def record(self, checks: Iterable[Check], at_us: int) -> None:
        present = list(checks)
        self._writer.write(lambda connection: write_checks(connection, present, at_us))

    def all(self) -> tuple[StoredCheck, ...]:
        with self._database.reading() as connection:
            return read_checks(connection)

    def rename(self, old: CheckId, new: CheckId, at_us: int) -> None:
        self._writer.write(lambda connection: rename(connection, old, new, at_us))


class ProofTable(ProofLog):
    """What `outrider prove` reported."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def record(self, proofs: Iterable[StoredProof]) -> None:
        fresh = list(proofs)
        self._writer.write(lambda connection: write_proofs(connection, fresh))

    def latest(self, check: CheckId | None = None) -> tuple[StoredProof, ...]:
        with self._database.reading() as connection:
            return read_proofs(connection, check)


class HeartbeatTable(HeartbeatLog):
    """The latest calls for each check."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def record(self, check: CheckId, beat: Beat) -> None:
        self._writer.write(lambda connection: write_beat(connection, check, beat))

    def get(self, check: CheckId) -> Beats:
        with self._database.reading() as connection:
            return read_beats(connection, check)

    def look(self, check: CheckId, run: RunId) -> Beats:
        with self._database.reading() as connection:
            if is_noted(connection, check, run):
                return read_beats(connection, check, run)
        return self._writer.write(lambda connection: note_look(connection, check, run))

    def listened(self, at_us: int, tolerated_us: int) -> None:
        self._writer.write(lambda connection: write_listened(connection, at_us, tolerated_us))
