"""The middleware that applies faults to requests; no other module does.

`FaultMiddleware` decides the effects of each request once and carries out those on the
request as a whole; `DisturbedShelves`, `take_payment` and `page_flags` carry out those on data and pages.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.faults.fault_board import FaultBoard, SwitchedOn
from demo.faults.fault_effects import Effects
from demo.product import Product, Shelves
from demo.store import StoredPayments
from demo.world import World

Decide = Callable[[Mapping[str, SwitchedOn], float, Callable[[], float]], Effects]

# Admin must answer whatever is on; files stand for a CDN, which does not fail with the shop.
_SPARED: Final = ("/admin/", "/static/")
_MOST_LEAKED_BYTES: Final = 512_000_000
_STRIDE: Final = 256
_RATES: Final[Mapping[str, float]] = {}
"""What a release forgot to fill."""
_SORRY: Final = (
    "<!doctype html><html lang=en><title>Something went wrong</title><h1>Something went wrong</h1><p>Please try again."
)


class FaultMiddleware:
    """Let the faults that are on happen to each request."""

    def __init__(self, app: ASGIApp, board: FaultBoard, world: World, decide: Decide) -> None:
        self._app = app
        self._board = board
        self._world = world
        self._decide = decide
        self._leaked: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, delay, fail or never answer, as the faults decide."""
        if scope["type"] != "http" or scope["path"].startswith(_SPARED):
            return await self._app(scope, receive, send)
        effects = self._decide(self._board.on, self._world.monotonic_s(), self._world.draw)
        scope["effects"] = effects
        self._leak(effects.leak_bytes)
        if effects.hangs:
            return await _until_client_leaves(receive)
        if effects.delay_ms:
            await self._world.sleep(effects.delay_ms / 1000)
        if effects.fails:
            return await _failure(scope["path"])(scope, receive, send)
        return await self._app(scope, receive, send)

    def _leak(self, size_bytes: int) -> None:
        if not size_bytes:
            self._leaked.clear()
        elif sum(map(len, self._leaked)) + size_bytes <= _MOST_LEAKED_BYTES:
            # Zeroes would be mapped lazily and never show as resident memory.
            self._leaked.append(b"\x01" * size_bytes)
        for block in self._leaked:  # as a collector does that looks for what may go
            sum(block[::_STRIDE])


async def _until_client_leaves(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _failure(path: str) -> ASGIApp:
    if path.startswith("/api/"):
        return JSONResponse({"error": "something went wrong"}, status_code=500)
    return HTMLResponse(_SORRY, status_code=500)


class DisturbedShelves:
    """Shelves whose reads are as slow, and whose prices as wrong, as the faults say."""

    def __init__(self, shelves: Shelves, effects: Effects, world: World) -> None:
        self._shelves = shelves
        self._effects = effects
        self._world = world

    async def browse(self, kind: str = "") -> Sequence[Product]:
        """Return the products of a kind, or all."""
        await self._wait()
        return [self._priced(product) for product in await self._shelves.browse(kind)]

    async def search(self, words: str) -> Sequence[Product]:
        """Return the products that mention every word."""
        await self._wait()
        return [self._priced(product) for product in await self._shelves.search(words)]

    async def get(self, product_id: str) -> Product | None:
        """Return one product, or None."""
        await self._wait()
        product = await self._shelves.get(product_id)
        return None if product is None else self._priced(product)

    async def _wait(self) -> None:
        if self._effects.query_delay_ms:
            await self._world.sleep(self._effects.query_delay_ms / 1000)

    def _priced(self, product: Product) -> Product:
        cents = round(product.price_cents * (1 + self._effects.price_percent / 100))
        return product.at_price(cents)


def take_payment(payments: StoredPayments, effects: Effects, email: str, cents: int) -> int:
    """Note a payment, and return its number; a faulty release looks for what a payment does not have.

    Raises:
        KeyError: If the fault is on.
    """
    if effects.payment_raises:
        cents = round(cents * _RATES["EUR"])
    return payments.add(email, cents)


def effects_of(connection: HTTPConnection) -> Effects:
    """Return the effects that were decided for this request."""
    effects = connection.scope.get("effects")
    return effects if isinstance(effects, Effects) else Effects()


def page_flags(connection: HTTPConnection) -> dict[str, Any]:
    """Return what templates need to know to break a page."""
    effects = effects_of(connection)
    return {"pay_button_dead": effects.pay_button_dead, "product_script_throws": effects.product_script_throws}
