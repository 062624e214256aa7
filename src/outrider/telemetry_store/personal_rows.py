"""The rows of all tables of telemetry that name one person: searched, and erased.

A mutation stays on disk as a text, so that none may hold what is to be forgotten: rows are looked up by a query, whose
values are written nowhere, and deleted by digests of all that they say. A part that a mutation replaced stays for eight
minutes by default; here until the engine's next look.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from outrider.model import ErasedData, TelemetryError
from outrider.telemetry_store.page_view_schema import PAGE_VIEWS
from outrider.telemetry_store.telemetry_schema import PARTITIONED_BY_DAY, ROLLUPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from outrider.model import Identifier, Person, Tombstones
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

_TABLES: Final = (*PARTITIONED_BY_DAY, *ROLLUPS)
_DIGESTS: Final = 2_000
"""Of a mutation; a longer list is more than a statement may have."""
_UNLIMITED: Final = {"max_execution_time": 0, "mutations_sync": 2, "max_query_size": 1 << 20}
_WAIT_S: Final = 0.5
_BATCH: Final = 10_000
_FEW_PARTS: Final = {"old_parts_lifetime": 0, "cleanup_delay_period": 1, "cleanup_delay_period_random_add": 0}


class PersonalRows:
    """Searches every column of text.

    Args:
        cleared_s: How long the engine is waited for until it has removed old parts.
    """

    def __init__(self, client: ClickHouseClient, *, cleared_s: float = 60.0) -> None:
        self._client = client
        self._cleared_s = cleared_s

    def find(self, person: Person) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the table and the columns of each row that names a person."""
        for table in _TABLES:
            columns = self._columns(table)
            named = ", ".join(f"toString({name}) AS `{name}`" for name in columns)
            sql = f"SELECT {named} FROM {self._name(table)} WHERE match({_text(columns)}, {{p:String}})"
            answer = self._client.query(sql, {"p": person.pattern}, _UNLIMITED)
            for row in answer.rows:
                yield table, dict(zip(answer.columns, row, strict=True))

    def sessions(self, users: Sequence[str]) -> frozenset[str]:
        """Return the sessions of users, by their digests as page views have them."""
        sql = f"SELECT DISTINCT Session FROM {self._name(PAGE_VIEWS)} WHERE User IN {{u:Array(String)}}"
        return frozenset(row[0] for row in self._client.query(sql, {"u": list(users)}, _UNLIMITED).rows)

    def erase(self, person: Person, tell: Callable[[str], None] = lambda _text: None) -> ErasedData:
        """Remove the rows that name a person; return how many by table, and which tables have files of before still.

        Raises:
            TelemetryError: If the store refuses.
        """
        counts: Counter[str] = Counter()
        for table in _TABLES:
            tell(f"searching {table}")
            for partition, digests in self._digests(table, person).items():
                counts[table] += len(digests)
                wanted = sorted(set(digests))
                for start in range(0, len(wanted), _DIGESTS):
                    tell(f"erasing from {table}: {start:,} of {len(wanted):,}")
                    listed = ",".join(map(str, wanted[start : start + _DIGESTS]))
                    where = f"cityHash64({_text(self._columns(table))}) IN ({listed})"
                    self._alter(table, f"DELETE IN PARTITION ID '{partition}' WHERE {where}")
        touched = [table for table, count in counts.items() if count]
        tell("waiting until the engine has removed the old parts")
        left = self._clear(touched)
        return ErasedData({table: counts[table] for table in touched}, left)

    def recognise(self, tombstones: Tombstones) -> frozenset[Identifier]:
        """Return the erased identifiers that stand in rows again."""
        theirs: set[Identifier] = set()
        for table in _TABLES:
            text = _text(self._columns(table))
            words = f"extractAll({text}, '[0-9A-Za-z_.@+%-]{{6,200}}')"
            values = f"extractAll({text}, ': ?[\\'\"]([^\\'\"]{{1,200}})[\\'\"]')"
            fit = f"arrayFilter(x -> length(x) IN {{n:Array(UInt64)}}, arrayConcat({words}, {values}))"
            sql = f"SELECT DISTINCT arrayJoin({fit}) FROM {self._name(table)}"
            lengths = sorted({own + more for own in tombstones.lengths for more in (0, 1, 2)})  # of what stands around
            for (value,) in self._client.query(sql, {"n": lengths}, _UNLIMITED).rows:
                theirs |= tombstones.recognised(json.dumps({"user.id": value}))
        return frozenset(theirs)

    def _digests(self, table: str, person: Person) -> dict[str, list[int]]:
        text = _text(self._columns(table))
        sql = f"SELECT _partition_id, cityHash64({text}) FROM {self._name(table)} WHERE match({text}, {{p:String}})"
        theirs: dict[str, list[int]] = {}
        for partition, digest in self._client.query(sql, {"p": person.pattern}, _UNLIMITED).rows:
            theirs.setdefault(partition, []).append(int(digest))
        return theirs

    def _clear(self, tables: Sequence[str]) -> tuple[str, ...]:
        """Wait until parts that were replaced are gone from the disk; say of which tables they are not."""
        sql = (
            "SELECT DISTINCT table FROM system.parts"
            " WHERE database = {d:String} AND table IN {t:Array(String)} AND NOT active"
        )
        settings = ", ".join(f"{name} = {value}" for name, value in _FEW_PARTS.items())
        for table in tables:
            self._alter(table, f"MODIFY SETTING {settings}")
        until_s = time.monotonic() + self._cleared_s
        wanted = {"d": self._client.database, "t": list(tables)}
        while (full := self._client.query(sql, wanted).rows) and time.monotonic() < until_s:
            for table in tables:
                for act in ("STOP", "START"):  # which has it look now, where this user may
                    with suppress(TelemetryError):
                        self._client.command(f"SYSTEM {act} CLEANUP {self._name(table)}")
            time.sleep(_WAIT_S)
        for table in tables:
            self._alter(table, f"RESET SETTING {', '.join(_FEW_PARTS)}")
        return tuple(f"files of before of {table}, which the engine removes within minutes" for (table,) in full)

    def _columns(self, table: str) -> list[str]:
        """Return the columns that are stored and hold text."""
        sql = (
            "SELECT name FROM system.columns WHERE database = {d:String} AND table = {t:String}"
            " AND default_kind NOT IN ('ALIAS', 'EPHEMERAL')"
            " AND (position(type, 'String') > 0 OR type LIKE 'DateTime%')"
            " ORDER BY position"
        )
        return [row[0] for row in self._client.query(sql, {"d": self._client.database, "t": table}).rows]

    def _alter(self, table: str, action: str) -> None:
        self._client.command(f"ALTER TABLE {self._name(table)} {action}", _UNLIMITED)

    def _name(self, table: str) -> str:
        return f"`{self._client.database}`.{table}"


def _text(columns: Sequence[str]) -> str:
    """Return the expression of all that a row says."""
    return f"concat({', '.join(f'toString({_quoted(name)}), char(10)' for name in columns)})"


def _quoted(name: str) -> str:
    return f"`{name}`"
