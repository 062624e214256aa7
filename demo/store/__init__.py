"""The shop's own data, in SQLite.

Calls are synchronous: each takes well under a millisecond on one connection that only the event loop's thread uses.
"""

from demo.store.database import open_database
from demo.store.orders import StoredOrders
from demo.store.sessions import Session, StoredSessions
from demo.store.shelves import StoredShelves

__all__ = ["Session", "StoredOrders", "StoredSessions", "StoredShelves", "open_database"]
