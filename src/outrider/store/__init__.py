"""Runs, samples and artifacts, kept: SQLite in a file or PostgreSQL by URL, and content-addressed files."""

from outrider.store.addresses import TRIED_DATABASES, check_addresses, store_problems
from outrider.store.database import stored_overrides
from outrider.store.former_copy import remove_former
from outrider.store.gzip_copy import compressed
from outrider.store.store import Store
from outrider.store.store_copy import CopiedTable, StoreCopy, copy_store

__all__ = [
    "TRIED_DATABASES", "CopiedTable", "Store", "StoreCopy", "check_addresses", "compressed", "copy_store",
    "remove_former", "store_problems", "stored_overrides",
]  # fmt: skip
