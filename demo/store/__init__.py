"""The shop's own data, in SQLite.

Calls are synchronous: each takes well under a millisecond on one connection that only the event loop's thread uses.
"""

from demo.store.database import open_database
from demo.store.order_table import StoredOrders
from demo.store.payment_table import StoredPayments
from demo.store.product_table import StoredShelves
from demo.store.session_table import Session, StoredSessions

__all__ = ["Session", "StoredOrders", "StoredPayments", "StoredSessions", "StoredShelves", "open_database"]
