"""Checks and proofs: written and read."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import insert, or_, select, update

from outrider.model import CHECK_KINDS, CheckId, Kind, Outcome, StoredCheck, StoredProof, bounded, identity
from outrider.store.key_cache import insert_subject, subject_key
from outrider.store.run_rows import CURRENT_ID, Row, own_keys, with_subject
from outrider.store.schema import proofs, subjects
from outrider.store.text_limits import REASON_CHARACTERS, URL_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from outrider.model import Check


def write_checks(connection: Connection, present: Sequence[Check], at_us: int) -> None:
    """Note which checks the workspace has, and where each is defined."""
    for check in present:
        key = subject_key(connection, check.id) or insert_subject(connection, check.id, at_us)
        where = {"kind": check.kind.value, "path": bounded(check.path, URL_CHARACTERS), "name": identity(check.name)}
        connection.execute(update(subjects).where(subjects.c.key == key).values(last_seen_us=at_us, **where))


def read_checks(connection: Connection) -> tuple[StoredCheck, ...]:
    """Return every check, by id."""
    is_check = or_(subjects.c.kind.is_(None), subjects.c.kind.in_(CHECK_KINDS))
    rows = connection.execute(select(subjects).where(is_check).order_by(subjects.c.id)).all()
    former = defaultdict(list)
    for row in rows:
        former[row.alias_of].append(row)
    return tuple(_stored_check(row, former[row.key]) for row in former[None])


def write_proofs(connection: Connection, fresh: Sequence[StoredProof]) -> None:
    """Store proofs; one that is there already (same check, time and fault) stays as it is."""
    for proof in fresh:
        key = subject_key(connection, proof.check) or insert_subject(connection, proof.check, proof.at_us)
        row = {"check_key": key, "at_us": proof.at_us, "fault": identity(proof.fault)}
        if connection.execute(select(proofs.c.at_us).filter_by(**row)).one_or_none() is None:
            verdict = {
                "outcome": proof.outcome.value,
                "noticed": proof.noticed,
                "reason": bounded(proof.reason, REASON_CHARACTERS),
            }
            connection.execute(insert(proofs), row | verdict | {"snapshot": identity(proof.snapshot)})


def read_proofs(connection: Connection, check: CheckId | None) -> tuple[StoredProof, ...]:
    """Return the proofs of the last time that a check, or each of them, was proved; by check and fault."""
    columns = (CURRENT_ID.label("check"), *(column for column in proofs.c if column.name != "check_key"))
    statement = (
        select(*columns).select_from(with_subject(proofs, proofs.c.check_key)).order_by(CURRENT_ID, proofs.c.fault)
    )
    if check is not None:
        statement = statement.where(proofs.c.check_key.in_(own_keys(connection, check)))
    rows = connection.execute(statement).all()
    last_us = dict(sorted((row.check, row.at_us) for row in rows))
    return tuple(_stored_proof(row) for row in rows if row.at_us == last_us[row.check])


def _stored_check(row: Row, former: Sequence[Row]) -> StoredCheck:
    kind = None if row.kind is None else Kind(row.kind)
    first_seen_us = min(check.first_seen_us for check in (row, *former))
    last_seen_us = max(check.last_seen_us for check in (row, *former))
    aliases = tuple(CheckId(alias.id) for alias in former)
    return StoredCheck(CheckId(row.id), kind, row.path, row.name, first_seen_us, last_seen_us, aliases)


def _stored_proof(row: Row) -> StoredProof:
    outcome = Outcome(row.outcome)
    return StoredProof(CheckId(row.check), row.fault, row.at_us, outcome, row.noticed, row.reason, row.snapshot)
