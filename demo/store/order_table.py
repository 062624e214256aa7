"""Orders in the database."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from demo.orders import Order, OrderLine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class StoredOrders:
    """Orders that were placed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, order: Order) -> int:
        """Keep an order and return its number; number 0 asks for the next one."""
        placed_us = (order.placed_at - _EPOCH) // _MICROSECOND
        with self._connection:
            cursor = self._connection.execute(
                "INSERT INTO orders VALUES (?, ?, ?, ?, ?)",
                (order.number or None, order.email, placed_us, order.recipient, order.address),
            )
            number = int(cursor.lastrowid or 0)
            self._connection.executemany(
                "INSERT INTO order_lines VALUES (?, ?, ?, ?, ?)",
                [(number, i, line.name, line.quantity, line.price_cents) for i, line in enumerate(order.lines)],
            )
        return number

    def latest(self, email: str, count: int = 10) -> Sequence[Order]:
        """Return a customer's newest orders, newest first."""
        return self._orders("email = ? ORDER BY number DESC LIMIT ?", (email, count))

    def find(self, email: str, number: int) -> Order | None:
        """Return a customer's order; nobody sees another's."""
        return next(iter(self._orders("email = ? AND number = ?", (email, number))), None)

    def _orders(self, condition: str, values: tuple[str, int]) -> list[Order]:
        rows = self._connection.execute(f"SELECT * FROM orders WHERE {condition}", values).fetchall()
        return [self._order(*row) for row in rows]

    def _order(self, number: int, email: str, placed_us: int, recipient: str, address: str) -> Order:
        lines = self._connection.execute(
            "SELECT name, quantity, price_cents FROM order_lines WHERE number = ? ORDER BY position", (number,)
        )
        placed_at = _EPOCH + placed_us * _MICROSECOND
        return Order(number, email, placed_at, recipient, address, tuple(OrderLine(*line) for line in lines))
