"""Products in the database."""

import sqlite3
from collections.abc import Sequence
from typing import Final

from demo.product import Product

_COLUMNS: Final = "id, name, kind, price_cents, blurb, motif, colour, accent"
_MOST_WORDS: Final = 8


class StoredShelves:
    """Shelves that read the products table."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def browse(self, kind: str = "") -> Sequence[Product]:
        """Return the products of a kind in the shop's order; all of them without a kind."""
        return self._products("? IN ('', kind)", [kind])

    async def search(self, words: str) -> Sequence[Product]:
        """Return the products that mention every one of the words, whatever their case."""
        wanted = words.split()[:_MOST_WORDS]
        if not wanted:
            return []
        mentions = "instr(lower(name || ' ' || kind || ' ' || blurb), ?)"
        return self._products(" AND ".join([mentions] * len(wanted)), [word.lower() for word in wanted])

    async def get(self, product_id: str) -> Product | None:
        """Return one product, or None if the shop does not have it."""
        return next(iter(self._products("id = ?", [product_id])), None)

    def _products(self, condition: str, values: Sequence[str]) -> list[Product]:
        rows = self._connection.execute(f"SELECT {_COLUMNS} FROM products WHERE {condition} ORDER BY rowid", values)
        return [Product(*row) for row in rows]
