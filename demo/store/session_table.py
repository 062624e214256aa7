"""Visitors' sessions and carts in the database."""

import secrets
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

_KEPT_S: Final = 24 * 3600


@dataclass(frozen=True, slots=True)
class Session:
    """A visitor whom a cookie recognises."""

    token: str
    email: str | None = None
    awaiting_code: str | None = None


class StoredSessions:
    """Sessions, kept for a day, each with its cart."""

    def __init__(self, connection: sqlite3.Connection, now: Callable[[], datetime]) -> None:
        self._connection = connection
        self._now = now

    def open(self) -> Session:
        """Open a session for somebody unknown, and forget sessions older than a day."""
        now_us = self._now_us()
        session = Session(secrets.token_urlsafe(24))
        with self._connection:
            self._connection.execute("DELETE FROM sessions WHERE opened_us < ?", (now_us - _KEPT_S * 1_000_000,))
            self._connection.execute("INSERT INTO sessions VALUES (?, NULL, NULL, ?)", (session.token, now_us))
        return session

    def find(self, token: str) -> Session | None:
        """Return the session with this token, unless it is older than a day."""
        row = self._connection.execute(
            "SELECT token, email, awaiting_code FROM sessions WHERE token = ? AND opened_us >= ?",
            (token, self._now_us() - _KEPT_S * 1_000_000),
        ).fetchone()
        return None if row is None else Session(*row)

    def renew(self, session: Session, *, email: str | None = None, awaiting_code: str | None = None) -> Session:
        """Give a session a new token and another customer; the cart moves along.

        A new token at each change of rights keeps a token that leaked before worthless.
        """
        renewed = Session(secrets.token_urlsafe(24), email, awaiting_code)
        with self._connection:
            self._connection.execute(
                "UPDATE sessions SET token = ?, email = ?, awaiting_code = ? WHERE token = ?",
                (renewed.token, email, awaiting_code, session.token),
            )
        return renewed

    def close(self, session: Session) -> None:
        """Forget a session and its cart."""
        with self._connection:
            self._connection.execute("DELETE FROM sessions WHERE token = ?", (session.token,))

    def quantities(self, session: Session) -> Mapping[str, int]:
        """Return how many of which product are in the cart."""
        rows = self._connection.execute(
            "SELECT product_id, quantity FROM cart_lines WHERE token = ?", (session.token,)
        ).fetchall()
        return dict(rows)

    def put(self, session: Session, product_id: str, quantity: int) -> None:
        """Have exactly `quantity` of a product in the cart; 0 takes it out."""
        with self._connection:
            self._connection.execute(
                "DELETE FROM cart_lines WHERE token = ? AND product_id = ?", (session.token, product_id)
            )
            if quantity:
                self._connection.execute(
                    "INSERT INTO cart_lines VALUES (?, ?, ?)", (session.token, product_id, quantity)
                )

    def empty(self, session: Session) -> None:
        """Take everything out of the cart."""
        with self._connection:
            self._connection.execute("DELETE FROM cart_lines WHERE token = ?", (session.token,))

    def _now_us(self) -> int:
        return round(self._now().timestamp() * 1_000_000)
