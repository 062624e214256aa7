"""Payments in the database."""

import sqlite3

from demo.instruments import Instruments


class StoredPayments:
    """Payments that were taken."""

    def __init__(self, connection: sqlite3.Connection, instruments: Instruments) -> None:
        self._connection = connection
        self._instruments = instruments

    def add(self, email: str, cents: int) -> int:
        """Keep a payment and return its number."""
        statement = "INSERT INTO payments (email, cents) VALUES (?, ?)"
        with self._instruments.querying(statement), self._connection:
            return int(self._connection.execute(statement, (email, cents)).lastrowid or 0)
