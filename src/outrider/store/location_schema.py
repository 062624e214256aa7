"""The tables of locations: their workers, what these delivered, and what they upload."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table, Text

from outrider.store.schema import metadata

# Places whose runs are measured by workers there.
locations = Table(
    "locations", metadata,
    Column("name", String, primary_key=True),
    Column("added_us", BigInteger, nullable=False),
)  # fmt: skip

location_workers = Table(
    "location_workers", metadata,
    Column("location", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("instance", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("seen_us", BigInteger, nullable=False),
    Column("clock_offset_us", BigInteger, nullable=False),
    Column("held", Integer, nullable=False),
    Column("duplicates", Integer, nullable=False, server_default="0"),
)  # fmt: skip

# Results that workers delivered. A row leaves with its entry of the queue, in the transaction that stores the run.
location_results = Table(
    "location_results", metadata,
    Column("run_id", LargeBinary(16), primary_key=True),
    Column("location", Text, nullable=False),
    Column("worker", Text, nullable=False),
    Column("lease", Integer, nullable=False),
    Column("received_us", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)  # fmt: skip

# Files that workers have uploaded in part, to whichever service answered.
upload_parts = Table(
    "upload_parts", metadata,
    Column("upload", String, primary_key=True),
    Column("begins", BigInteger, primary_key=True, autoincrement=False),
    Column("received_us", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)  # fmt: skip
