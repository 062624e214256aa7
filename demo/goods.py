"""The shop's data: products, users, sessions, carts and orders in a SQLite file of its own."""

from __future__ import annotations

import hmac
import os
import secrets
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SCHEMA = """
create table if not exists product (
    id integer primary key, name text not null, kind text not null, cents integer not null, text text not null);
create table if not exists session (token text primary key, user text);
create table if not exists cart (token text, product integer, quantity integer not null, primary key (token, product));
create table if not exists purchase (id integer primary key, user text not null, cents integer not null);
"""
_PRODUCTS = (
    (1, "Enamel mug", "Kitchen", 1490, "Holds half a litre, survives a campfire."),
    (2, "Wool blanket", "Home", 8900, "Woven from two kinds of wool, 140 by 200 cm."),
    (3, "Pocket lamp", "Outdoor", 2450, "Forty hours of light on one charge."),
    (4, "Canvas bag", "Travel", 3995, "Waxed cotton that ages well."),
    (5, "Oak board", "Kitchen", 2800, "One piece of oak, oiled by hand."),
    (6, "Field notebook", "Desk", 650, "Ninety-six pages, dotted, stitched."),
    (7, "Steel bottle", "Outdoor", 2190, "Keeps tea hot through a winter day."),
    (8, "Desk clock", "Desk", 4700, "Silent movement, brass case."),
)
DEFAULT_PASSWORD = "outrider-demo"  # noqa: S105 - of a demo shop, documented
DEFAULT_TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105 - the usual example secret


@dataclass(frozen=True, slots=True)
class Product:
    """A product; the price in cents."""

    id: int
    name: str
    kind: str
    cents: int
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a cart."""

    product: Product
    quantity: int

    @property
    def cents(self) -> int:
        """Price of the line."""
        return self.product.cents * self.quantity


class Goods:
    """The database; made and filled if the file is new."""

    def __init__(self, path: Path, environ: Mapping[str, str] = os.environ) -> None:
        self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._base.executescript(_SCHEMA)
        self._base.executemany("insert or ignore into product values (?, ?, ?, ?, ?)", _PRODUCTS)
        self._password = environ.get("SHOP_PASSWORD", DEFAULT_PASSWORD)
        self.totp_secret = environ.get("SHOP_TOTP_SECRET", DEFAULT_TOTP_SECRET)

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def products(self, search: str = "") -> list[Product]:
        """Return all products, or those whose name, kind or text holds the words."""
        rows = self._base.execute(
            "select * from product where instr(lower(name || ' ' || kind || ' ' || text), lower(?)) order by id",
            (search.strip(),),
        )
        return [Product(*row) for row in rows]

    def product(self, number: int) -> Product | None:
        """Return one product."""
        row = self._base.execute("select * from product where id = ?", (number,)).fetchone()
        return Product(*row) if row else None

    def accepts(self, user: str, password: str) -> bool:
        """Whether a user may sign in; `demo` and `secure` share the password, `secure` needs a code as well."""
        return user in {"demo", "secure"} and hmac.compare_digest(password.encode(), self._password.encode())

    def open_session(self, user: str | None) -> str:
        """Return the token of a new session."""
        token = secrets.token_urlsafe(16)
        self._base.execute("insert into session values (?, ?)", (token, user))
        return token

    def sign_in(self, token: str, user: str | None) -> None:
        """Give a session to a user, or take it away."""
        self._base.execute("update session set user = ? where token = ?", (user, token))

    def session(self, token: str) -> tuple[bool, str | None]:
        """Return whether a session exists, and whose it is."""
        row = self._base.execute("select user from session where token = ?", (token,)).fetchone()
        return (True, row[0]) if row else (False, None)

    def put(self, token: str, product: int, quantity: int) -> None:
        """Add to a cart."""
        self._base.execute(
            "insert into cart values (?, ?, ?) on conflict do update set quantity = quantity + excluded.quantity",
            (token, product, quantity),
        )

    def cart(self, token: str) -> list[Line]:
        """Return a cart's lines."""
        rows = self._base.execute(
            "select product.*, quantity from cart join product on product.id = product where token = ?", (token,)
        )
        return [Line(Product(*row[:5]), row[5]) for row in rows]

    def pay(self, token: str, user: str) -> int | None:
        """Turn a cart into an order and return its number, or None if the cart is empty."""
        cents = sum(line.cents for line in self.cart(token))
        if not cents:
            return None
        self._base.execute("delete from cart where token = ?", (token,))
        return self._base.execute("insert into purchase (user, cents) values (?, ?)", (user, cents)).lastrowid

    def orders(self, user: str) -> list[tuple[int, int]]:
        """Return a user's last orders: number and price in cents."""
        rows = self._base.execute("select id, cents from purchase where user = ? order by id desc limit 20", (user,))
        return [(number, cents) for number, cents in rows]
