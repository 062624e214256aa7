"""Many queries of one form, asked in one exchange with the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

_ASKED_AT_ONCE = 100
"""SQLite joins 500 queries at most."""


def rows_of_each(
    connection: Connection, query: str, wanted: Sequence[Mapping[str, object]], limit: int | None = None
) -> list[list[tuple[Any, ...]]]:
    """Return the rows of a query for each set of its parameters, without their order.

    It is written out, since SQLAlchemy takes longer to put a hundred queries together than the database to answer.

    Args:
        connection: In a transaction.
        query: Without ORDER BY or LIMIT but in a part of it in parentheses; `{n}` stands after the name of each
            parameter, and its first column is `{n}`.
        wanted: The parameters.
        limit: How many rows each hundred of them may have; None for all.
    """
    rows: list[list[tuple[Any, ...]]] = [[] for _ in wanted]
    for start in range(0, len(wanted), _ASKED_AT_ONCE):
        some = wanted[start : start + _ASKED_AT_ONCE]
        together = " UNION ALL ".join(query.format(n=number) for number in range(len(some)))
        values = {f"{name}{number}": value for number, own in enumerate(some) for name, value in own.items()}
        if limit is not None:
            together, values = f"{together} LIMIT :most", {**values, "most": limit}
        for number, *row in connection.execute(text(together), values).cursor.fetchall():
            rows[start + number].append(tuple(row))
    return rows
