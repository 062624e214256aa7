"""The services of the shop that pages and API share."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import HTTPConnection
from starlette.responses import Response

from demo.accounts import Accounts, Customer
from demo.cart import Cart, filled
from demo.instruments import Instruments
from demo.orders import Order
from demo.payment_service import RemotePayments
from demo.product import Shelves
from demo.store import Session, StoredOrders, StoredSessions
from demo.world import World

_COOKIE: Final = "session"
_COOKIE_AGE_S: Final = 24 * 3600


@dataclass(frozen=True, slots=True)
class Shop:
    """Everything that a request may need, each part handed in."""

    accounts: Accounts
    shelves: Shelves
    sessions: StoredSessions
    orders: StoredOrders
    payments: RemotePayments
    world: World
    instruments: Instruments

    def session(self, request: HTTPConnection) -> Session | None:
        """Return the session that the visitor's cookie names, if it still stands."""
        token = request.cookies.get(_COOKIE, "")
        return self.sessions.find(token) if token else None

    def customer(self, request: HTTPConnection) -> Customer | None:
        """Return who is signed in, or None."""
        session = self.session(request)
        return self.accounts.customer(session.email) if session and session.email else None

    def cart_count(self, request: HTTPConnection) -> int:
        """Return how many things are in the visitor's cart, without reading the shelves."""
        session = self.session(request)
        return sum(self.sessions.quantities(session).values()) if session else 0

    async def cart(self, request: HTTPConnection) -> Cart:
        """Return the visitor's cart at the prices of the moment."""
        session = self.session(request)
        quantities = self.sessions.quantities(session) if session else {}
        return filled(quantities, await self.shelves.browse()) if quantities else Cart()

    async def place_order(self, request: HTTPConnection, recipient: str, address: str) -> Order | None:
        """Turn the cart into an order; None if nobody is signed in or the cart is empty."""
        session, customer, cart = self.session(request), self.customer(request), await self.cart(request)
        if session is None or customer is None or not cart.lines:
            return None
        lines = cart.as_order_lines()
        payment = await self.payments.take(customer.email, cart.total_cents)
        number = self.orders.add(Order(0, customer.email, self.world.now(), recipient, address, lines))
        self.instruments.say("order placed", order=number, payment=payment, lines=len(lines))
        self.sessions.empty(session)
        return self.orders.find(customer.email, number)


def remember(response: Response, session: Session) -> None:
    """Give the visitor the cookie of a session."""
    response.set_cookie(_COOKIE, session.token, max_age=_COOKIE_AGE_S, httponly=True, samesite="lax")


def forget(response: Response) -> None:
    """Take the visitor's cookie back."""
    response.delete_cookie(_COOKIE, httponly=True, samesite="lax")
