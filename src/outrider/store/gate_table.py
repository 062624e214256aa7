"""Decisions of the gate, in a database."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, Float, Index, String, Table, Text, insert, select, tuple_

from outrider.model import Excerpt, GateLog, StoredComparison, StoredGate, bounded, printable_json
from outrider.store.run_rows import limit_and_one
from outrider.store.schema import metadata
from outrider.store.text_limits import ATTRIBUTE_CHARACTERS, REASON_CHARACTERS

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

    from outrider.store.database import Database
    from outrider.store.run_writer import Writer

MOST_COMPARISONS = 1_000
_MOST_TEXTS = 100

gates = Table(
    "gates", metadata,
    Column("id", String, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("commit", String, nullable=False),
    Column("verdict", String, nullable=False),
    Column("against", Text, nullable=False),
    Column("took_s", Float, nullable=False),
    Column("shard", String, nullable=False),
    Column("summary", Text, nullable=False),
    Column("comparisons", Text, nullable=False),
    Index("gates_by_time", "at_us", "id"),
)  # fmt: skip


class GateTable(GateLog):
    """Decisions of the gate."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def record(self, gate: StoredGate) -> None:
        row = _row(gate)

        def write(connection: Connection) -> None:
            if connection.execute(select(gates.c.id).where(gates.c.id == gate.id)).first() is None:
                connection.execute(insert(gates), row)

        self._writer.write(write)

    def get(self, gate_id: str) -> StoredGate | None:
        with self._database.reading() as connection:
            row = connection.execute(select(gates).where(gates.c.id == gate_id)).mappings().one_or_none()
        return None if row is None else _gate(row, json.loads(row["comparisons"]))

    def search(
        self, *, verdict: str = "", commit: str = "", before: tuple[int, str] | None = None, limit: int = 100
    ) -> Excerpt[StoredGate]:
        columns = [column for column in gates.c if column.name != "comparisons"]
        statement = select(*columns).order_by(gates.c.at_us.desc(), gates.c.id.desc()).limit(limit_and_one(limit))
        if verdict:
            statement = statement.where(gates.c.verdict == verdict)
        if commit:
            statement = statement.where(gates.c.commit.startswith(commit, autoescape=True))
        if before is not None:
            statement = statement.where(tuple_(gates.c.at_us, gates.c.id) < before)
        with self._database.reading() as connection:
            rows = connection.execute(statement).mappings().all()
        return Excerpt.within((_gate(row, []) for row in rows), limit)


def _row(gate: StoredGate) -> dict[str, Any]:
    summary = {
        "counts": dict(gate.counts),
        "notable": gate.notable[:_MOST_TEXTS],
        "notes": [bounded(text, REASON_CHARACTERS) for text in gate.notes[:_MOST_TEXTS]],
        "wrong": [bounded(text, REASON_CHARACTERS) for text in gate.wrong[:_MOST_TEXTS]],
    }
    comparisons = [
        {**asdict(compared), "reason": bounded(compared.reason, ATTRIBUTE_CHARACTERS)}
        for compared in gate.comparisons[:MOST_COMPARISONS]
    ]
    return {
        "id": gate.id, "at_us": gate.at_us, "took_s": gate.took_s,
        **printable_json({"commit": gate.commit, "verdict": gate.verdict, "shard": gate.shard}),
        "against": printable_json(bounded(gate.against, ATTRIBUTE_CHARACTERS)),
        "summary": json.dumps(printable_json(summary)),
        "comparisons": json.dumps(printable_json(comparisons)),
    }  # fmt: skip


def _gate(row: RowMapping, comparisons: list[dict[str, Any]]) -> StoredGate:
    summary = json.loads(row["summary"])
    check, step, verdict = range(3)
    return StoredGate(
        row["id"], row["at_us"], row["commit"], row["verdict"], row["against"], row["took_s"], row["shard"],
        summary["counts"], tuple((item[check], item[step], item[verdict]) for item in summary["notable"]),
        tuple(summary["notes"]), tuple(summary["wrong"]),
        tuple(StoredComparison(**compared) for compared in comparisons),
    )  # fmt: skip
