"""The shop as JSON."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.cart import BadQuantity, Cart, parse_quantity
from demo.orders import Order
from demo.product import Product
from demo.shop import Shop, remember


class Api:
    """Products, cart, orders and health; a session is the same cookie as the pages use."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def routes(self) -> list[Route]:
        """Return where the API stands."""
        return [
            Route("/api/health", self.health),
            Route("/api/products", self.products),
            Route("/api/products/{product_id}", self.product),
            Route("/api/cart", self.cart),
            Route("/api/cart", self.put_in_cart, methods=["PUT"]),
            Route("/api/orders", self.orders),
            Route("/api/orders", self.place_order, methods=["POST"]),
        ]

    async def health(self, request: Request) -> Response:  # noqa: ARG002
        """Say whether there is something to sell, and how much memory the shop holds."""
        products = await self._shop.shelves.browse()
        memory_mb = round(self._shop.world.resident_bytes() / 1_000_000, 1)
        status = "ok" if products else "empty"
        return JSONResponse(
            {"status": status, "products": len(products), "memory_mb": memory_mb}, 200 if products else 503
        )

    async def products(self, request: Request) -> Response:
        """List products; `q` searches, `kind` narrows."""
        words, kind = request.query_params.get("q", "").strip(), request.query_params.get("kind", "")
        shelves = self._shop.shelves
        products = await shelves.search(words) if words else await shelves.browse(kind)
        listed = [_product(product) for product in products if kind in {"", product.kind}]
        return JSONResponse({"products": listed, "count": len(listed)})

    async def product(self, request: Request) -> Response:
        """Give one product."""
        product = await self._shop.shelves.get(request.path_params["product_id"])
        return _error(404, "no such product") if product is None else JSONResponse(_product(product))

    async def cart(self, request: Request) -> Response:
        """Give the visitor's cart."""
        return JSONResponse(_cart(await self._shop.cart(request)))

    async def put_in_cart(self, request: Request) -> Response:
        """Have exactly so many of a product in the cart; {"product": id, "quantity": 0 to 20}."""
        sent = await _sent(request)
        product = await self._shop.shelves.get(str(sent.get("product", "")))
        if product is None:
            return _error(404, "no such product")
        try:
            quantity = 0 if sent.get("quantity") == 0 else parse_quantity(sent.get("quantity", 1))
        except BadQuantity as error:
            return _error(422, f"{error}, or 0 to take it out")
        session = self._shop.session(request) or self._shop.sessions.open()
        self._shop.sessions.put(session, product.id, quantity)
        response = JSONResponse({"product": product.id, "quantity": quantity})
        remember(response, session)
        return response

    async def orders(self, request: Request) -> Response:
        """List the customer's newest orders."""
        customer = self._shop.customer(request)
        if customer is None:
            return _error(401, "sign in first")
        return JSONResponse({"orders": [_order(order) for order in self._shop.orders.latest(customer.email)]})

    async def place_order(self, request: Request) -> Response:
        """Order what is in the cart; {"recipient": name, "address": where to}."""
        customer = self._shop.customer(request)
        if customer is None:
            return _error(401, "sign in first")
        sent = await _sent(request)
        recipient, address = sent.get("recipient"), sent.get("address")
        if not (isinstance(recipient, str) and recipient.strip() and isinstance(address, str) and address.strip()):
            return _error(422, "give a recipient and an address")
        order = await self._shop.place_order(request, recipient.strip(), address.strip())
        return _error(409, "the cart is empty") if order is None else JSONResponse(_order(order), status_code=201)


async def _sent(request: Request) -> dict[str, Any]:
    try:
        sent = await request.json()
    except json.JSONDecodeError:
        return {}
    return sent if isinstance(sent, dict) else {}


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status_code=status)


def _product(product: Product) -> dict[str, Any]:
    return {
        "id": product.id,
        "name": product.name,
        "kind": product.kind,
        "price_cents": product.price_cents,
        "price": product.price,
        "blurb": product.blurb,
    }


def _cart(cart: Cart) -> dict[str, Any]:
    lines = [{"product": _product(line.product), "quantity": line.quantity} for line in cart.lines]
    return {"lines": lines, "total_cents": cart.total_cents, "total": cart.total}


def _order(order: Order) -> dict[str, Any]:
    return {
        "number": order.number,
        "placed_at": order.placed_at.isoformat(),
        "total_cents": order.total_cents,
        "total": order.total,
        "lines": [{"name": line.name, "quantity": line.quantity, "total": line.total} for line in order.lines],
    }
