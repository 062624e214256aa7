"""Pages for buying: cart, checkout and order."""

from typing import Any, Final

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates

from demo.cart import MOST_OF_ONE, BadQuantity, parse_quantity
from demo.pages.page_templates import field
from demo.shop import Shop, remember

_SEE_OTHER: Final = 303
_REQUIRED: Final = {"recipient": "your full name", "street": "a street and number", "city": "a town"}


class CheckoutPages:
    """Pages that fill a cart and turn it into an order."""

    def __init__(self, shop: Shop, templates: Jinja2Templates) -> None:
        self._shop = shop
        self._render = templates.TemplateResponse

    def routes(self) -> list[Route]:
        """Return where these pages stand."""
        return [
            Route("/cart", self.cart),
            Route("/cart", self.add, methods=["POST"]),
            Route("/cart/{product_id}/remove", self.remove, methods=["POST"]),
            Route("/checkout", self.checkout),
            Route("/checkout", self.pay, methods=["POST"]),
            Route("/orders/{number:int}", self.order),
        ]

    async def cart(self, request: Request) -> Response:
        """Show what is in the cart."""
        return self._render(request, "cart.html", {"cart": await self._shop.cart(request)})

    async def add(self, request: Request) -> Response:
        """Put so many more of a product into the cart."""
        form = await request.form()
        product = await self._shop.shelves.get(field(form, "product"))
        if product is None:
            raise HTTPException(404, "The shop does not have this product.")
        try:
            quantity = parse_quantity(field(form, "quantity"))
        except BadQuantity as error:
            raise HTTPException(422, str(error)) from error
        session = self._shop.session(request) or self._shop.sessions.open()
        had = self._shop.sessions.quantities(session).get(product.id, 0)
        self._shop.sessions.put(session, product.id, min(had + quantity, MOST_OF_ONE))
        response = RedirectResponse("/cart", _SEE_OTHER)
        remember(response, session)
        return response

    async def remove(self, request: Request) -> Response:
        """Take a product out of the cart."""
        session = self._shop.session(request)
        if session is not None:
            self._shop.sessions.put(session, request.path_params["product_id"], 0)
        return RedirectResponse("/cart", _SEE_OTHER)

    async def checkout(self, request: Request) -> Response:
        """Ask where to send the cart; a visitor signs in first."""
        return await self._turned_away(request) or await self._form(request, {}, {})

    async def pay(self, request: Request) -> Response:
        """Place the order, or say which fields are missing."""
        turned_away = await self._turned_away(request)
        if turned_away is not None:
            return turned_away
        form = await request.form()
        entered = {name: field(form, name) for name in _REQUIRED}
        missing = _missing(form)
        if missing:
            return await self._form(request, entered, missing, status=422)
        order = await self._shop.place_order(request, entered["recipient"], f"{entered['street']}, {entered['city']}")
        if order is None:
            return RedirectResponse("/cart", _SEE_OTHER)
        return RedirectResponse(f"/orders/{order.number}?placed=yes", _SEE_OTHER)

    async def order(self, request: Request) -> Response:
        """Show an order to the customer whose it is."""
        customer = self._shop.customer(request)
        order = customer and self._shop.orders.find(customer.email, request.path_params["number"])
        if order is None:
            raise HTTPException(404, "You have no such order.")
        return self._render(request, "order.html", {"order": order, "placed": "placed" in request.query_params})

    async def _turned_away(self, request: Request) -> Response | None:
        if self._shop.customer(request) is None:
            return RedirectResponse("/sign-in?next=/checkout", _SEE_OTHER)
        return None if self._shop.cart_count(request) else RedirectResponse("/cart", _SEE_OTHER)

    async def _form(
        self, request: Request, entered: dict[str, str], missing: dict[str, str], status: int = 200
    ) -> Response:
        context: dict[str, Any] = {"cart": await self._shop.cart(request), "entered": entered, "missing": missing}
        return self._render(request, "checkout.html", context, status_code=status)


def _missing(form: FormData) -> dict[str, str]:
    return {name: f"Give {what}." for name, what in _REQUIRED.items() if not field(form, name)}
