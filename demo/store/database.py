"""Open the shop's database, and fill a fresh one."""

import sqlite3
from dataclasses import astuple
from pathlib import Path
from typing import Final

from demo.seed import FIRST_ORDERS, PRODUCTS
from demo.store.order_table import StoredOrders

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS products (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, price_cents INTEGER NOT NULL,
    blurb TEXT NOT NULL, motif TEXT NOT NULL, colour TEXT NOT NULL, accent TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS sessions (
    token TEXT PRIMARY KEY, email TEXT, awaiting_code TEXT, opened_us INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS sessions_by_age ON sessions (opened_us);
CREATE TABLE IF NOT EXISTS cart_lines (
    token TEXT NOT NULL REFERENCES sessions ON UPDATE CASCADE ON DELETE CASCADE,
    product_id TEXT NOT NULL REFERENCES products,
    quantity INTEGER NOT NULL,
    PRIMARY KEY (token, product_id)
) STRICT;
CREATE TABLE IF NOT EXISTS orders (
    number INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL, placed_us INTEGER NOT NULL,
    recipient TEXT NOT NULL, address TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS orders_by_customer ON orders (email, number);
CREATE TABLE IF NOT EXISTS order_lines (
    number INTEGER NOT NULL REFERENCES orders, position INTEGER NOT NULL,
    name TEXT NOT NULL, quantity INTEGER NOT NULL, price_cents INTEGER NOT NULL,
    PRIMARY KEY (number, position)
) STRICT;
CREATE TABLE IF NOT EXISTS payments (
    number INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL, cents INTEGER NOT NULL
) STRICT;
"""


def open_database(path: Path) -> sqlite3.Connection:
    """Open the database at `path`; a fresh one gets the schema, the products and the first orders."""
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;")
    connection.executescript(_SCHEMA)
    if connection.execute("SELECT count(*) FROM products").fetchone() == (0,):
        _fill(connection)
    return connection


def _fill(connection: sqlite3.Connection) -> None:
    with connection:
        connection.executemany("INSERT INTO products VALUES (?, ?, ?, ?, ?, ?, ?, ?)", map(astuple, PRODUCTS))
    orders = StoredOrders(connection)
    for order in FIRST_ORDERS:
        orders.add(order)
