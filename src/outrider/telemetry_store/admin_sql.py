"""SQL of administrators: one SELECT over the tables of telemetry, which changes nothing and reads nothing else.

The engine runs it with `readonly = 1`, which refuses table functions that read elsewhere. It does not refuse
`INTO OUTFILE` and the function `file`, which write and read any file of this user; nor `SETTINGS` of the statement, nor
`system` tables. So the statement is parsed first, by the engine itself, and what it names is compared with what is
allowed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from outrider.model import TelemetryError, TelemetryUnavailable, UsageError
from outrider.telemetry_store.telemetry_schema import PARTITIONED_BY_DAY, ROLLUPS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.telemetry_store.clickhouse_client import Answer, ClickHouseClient
    from outrider.telemetry_store.telemetry_search import QueryLimits

TABLES: Final = (*PARTITIONED_BY_DAY, *ROLLUPS)
MOST_ROWS: Final = 10_000
_LONGEST: Final = 20_000
_MOST_BYTES: Final = 50_000_000
_NODE: Final = re.compile(r"( *)(\w+)(?: (\S+))?")
_REFUSED_FUNCTIONS: Final = re.compile(
    r"file|dict\w*|joinget\w*|catboost\w*|sleep\w*|\w*executable\w*|python|getserver\w*"
)
_FIX: Final = f"ask by one SELECT of {', '.join(TABLES[:2])} and the other tables of docs/telemetry.md"


class AdminSql:
    """Answers statements, each within the limits of a query."""

    def __init__(self, client: ClickHouseClient, limits: QueryLimits) -> None:
        self._client = client
        self._settings = {**limits.settings(), "readonly": 1, "max_result_bytes": _MOST_BYTES}

    def select(self, sql: str, *, limit: int) -> Answer:
        """Return the first rows of an answer.

        Raises:
            UsageError: sql-refused if it is anything but a SELECT of tables of telemetry.
            TelemetryError: If the engine refuses it; telemetry-limit beyond a limit.
        """
        whole = self._wrapped(sql, min(limit, MOST_ROWS))
        try:
            tree = self._client.query(f"EXPLAIN AST {whole}", settings=self._settings)
            names = {str(row[0]).lower() for row in self._client.query("SELECT name FROM system.databases").rows}
            _check([str(row[0]) for row in tree.rows], self._client.database, names)
            return self._client.query(whole, settings=self._settings)
        except TelemetryUnavailable:
            raise
        except TelemetryError as error:
            raise UsageError(error.what, slug="sql-refused", fix=_FIX) from None

    def _wrapped(self, sql: str, limit: int) -> str:
        """Return a statement in which `sql` is a query in parentheses, and tables need no database's name."""
        text = sql.strip()
        if len(text) > _LONGEST:
            raise _refusal(f"it is longer than {_LONGEST:,} characters")
        if ";" in text or re.search(r"\boutfile\b", text, re.IGNORECASE):
            raise _refusal("it has a semicolon, or INTO OUTFILE; write char(59) for a semicolon in a text")
        if not re.match(r"(select|with)\b", text, re.IGNORECASE):
            raise _refusal("it does not begin with SELECT or WITH")
        used = [name for name in TABLES if re.search(rf"(?<![\w.]){name}\b", text)]
        named = ", ".join(f"{name} AS (SELECT * FROM `{self._client.database}`.{name})" for name in used)
        return f"{f'WITH {named} ' if named else ''}SELECT * FROM (\n{text}\n) LIMIT {limit}"


def _check(tree: list[str], database: str, databases: set[str]) -> None:
    """Refuse what names a function, table or database that is not for administrators' questions."""
    allowed = {f"{database}.{name}" for name in TABLES}
    for above, kind, name in _nodes(tree):
        if kind == "Function" and (above == "TableExpression" or _REFUSED_FUNCTIONS.fullmatch(name.lower())):
            raise _refusal(f"{name} is not allowed")
        if kind == "Set":
            raise _refusal("it changes settings")
        is_name = kind in {"TableIdentifier", "Identifier"}
        if is_name and "." in name and name not in allowed and name.partition(".")[0].lower() in databases:
            raise _refusal(f"{name} is no table of telemetry")


def _nodes(tree: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yield the kind of the node above, the kind and the name of each node."""
    path: list[str] = []
    for line in tree:
        match = _NODE.match(line)
        if match is not None:
            depth = len(match[1])
            yield path[depth - 1] if 0 < depth <= len(path) else "", match[2], match[3] or ""
            path[depth:] = [match[2]]


def _refusal(why: str) -> UsageError:
    return UsageError(f"the statement is refused: {why}", slug="sql-refused", fix=_FIX)
