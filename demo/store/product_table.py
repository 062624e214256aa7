"""Products in the database."""

import sqlite3
from collections.abc import Sequence
from typing import Final

from demo.product import Product

_COLUMNS: Final = "id, name, kind, price_cents, blurb, motif, colour, accent"
_MOST_WORDS: Final = 8
_SELECT: Final = f"SELECT {_COLUMNS} FROM products WHERE"
BROWSING: Final = f"{_SELECT} ? IN ('', kind) ORDER BY rowid"
FINDING: Final = f"{_SELECT} id = ? ORDER BY rowid"
_MENTIONS: Final = "instr(lower(name || ' ' || kind || ' ' || blurb), ?)"
SEARCHING: Final = f"{_SELECT} {_MENTIONS} ORDER BY rowid"
"""For one word; each further one is another condition."""


class StoredShelves:
    """Shelves that read the products table."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def browse(self, kind: str = "") -> Sequence[Product]:
        """Return the products of a kind in the shop's order; all of them without a kind."""
        return self._products(BROWSING, [kind])

    async def search(self, words: str) -> Sequence[Product]:
        """Return the products that mention every one of the words, whatever their case."""
        wanted = words.split()[:_MOST_WORDS]
        if not wanted:
            return []
        statement = SEARCHING.replace(_MENTIONS, " AND ".join([_MENTIONS] * len(wanted)))
        return self._products(statement, [word.lower() for word in wanted])

    async def get(self, product_id: str) -> Product | None:
        """Return one product, or None if the shop does not have it."""
        return next(iter(self._products(FINDING, [product_id])), None)

    def _products(self, statement: str, values: Sequence[str]) -> list[Product]:
        return [Product(*row) for row in self._connection.execute(statement, values)]
