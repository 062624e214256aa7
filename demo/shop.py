"""The shop's pages and its JSON API."""

from __future__ import annotations

import asyncio
import random
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyotp
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from demo.faults import BadFault, Switchboard
from demo.misbehaviour import Misbehaviour

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from demo.goods import Goods, Product

_HERE = Path(__file__).parent
_COOKIE = "shop_session"


def price(cents: float) -> str:
    """Return a price as the shop writes it."""
    return f"€ {cents / 100:.2f}"


class Shop:
    """The endpoints, over the goods and the faults."""

    def __init__(self, goods: Goods, faults: Switchboard, third_party: str) -> None:
        self._goods = goods
        self._faults = faults
        self._third_party = third_party
        self._pages = Jinja2Templates(_HERE / "templates")
        self._pages.env.globals["price"] = price

    def routes(self) -> list[Route | Mount]:
        """Return all routes."""
        return [
            Route("/", self._catalogue),
            Route("/search", self._catalogue),
            Route("/product/{number:int}", self._product),
            Route("/sign-in", self._sign_in, methods=["GET", "POST"]),
            Route("/sign-in/code", self._code, methods=["GET", "POST"]),
            Route("/sign-out", self._sign_out, methods=["POST"]),
            Route("/cart", self._cart, methods=["GET", "POST"]),
            Route("/checkout", self._checkout, methods=["GET", "POST"]),
            Route("/account", self._account),
            Route("/api/health", self._api_health),
            Route("/api/products", self._api_products),
            Route("/api/products/{number:int}", self._api_product),
            Route("/api/cart", self._api_cart),
            Route("/api/orders", self._api_orders),
            Route("/admin/faults", self._faults_list, methods=["GET", "DELETE"]),
            Route("/admin/faults/{name}", self._fault, methods=["PUT", "DELETE"]),
            Mount("/static", StaticFiles(directory=_HERE / "static")),
        ]

    def _page(self, request: Request, name: str, status: int = 200, **values: Any) -> Response:
        token, user = self._who(request)
        values |= {"user": user, "third_party": self._third_party, "faults": self._faults,
                   "in_cart": sum(line.quantity for line in self._goods.cart(token))}  # fmt: skip
        response = self._pages.TemplateResponse(request, f"{name}.html", values, status_code=status)
        response.set_cookie(_COOKIE, token, httponly=True, samesite="lax")
        return response

    def _who(self, request: Request) -> tuple[str, str | None]:
        """Return the session's token, made if need be, and its user."""
        if not hasattr(request.state, "who"):
            token = request.cookies.get(_COOKIE, "")
            known, user = self._goods.session(token)
            request.state.who = (token, user) if known else (self._goods.open_session(None), None)
        token, user = request.state.who
        return token, user

    async def _query(self) -> None:
        await asyncio.sleep(self._faults.size("slow-query") / 1000)

    def _shown_cents(self, product: Product) -> float:
        return product.cents * (1 + self._faults.size("wrong-price") / 100)

    async def _catalogue(self, request: Request) -> Response:
        await self._query()
        words = request.query_params.get("q", "")
        return self._page(request, "catalogue", products=self._goods.products(words), words=words)

    async def _product(self, request: Request) -> Response:
        await self._query()
        product = self._goods.product(request.path_params["number"])
        if product is None:
            return self._page(request, "missing", 404)
        return self._page(request, "product", product=product, cents=self._shown_cents(product))

    async def _sign_in(self, request: Request) -> Response:
        if request.method == "GET":
            return self._page(request, "sign_in")
        form = await request.form()
        user = str(form.get("user", ""))
        if not self._goods.accepts(user, str(form.get("password", ""))):
            return self._page(request, "sign_in", 401, wrong="That name and password do not match.")
        token, _ = self._who(request)
        self._goods.sign_in(token, f"?{user}" if user == "secure" else user)
        return self._redirect("/sign-in/code" if user == "secure" else "/account", token)

    async def _code(self, request: Request) -> Response:
        token, user = self._who(request)
        if request.method == "GET":
            return self._page(request, "code")
        form = await request.form()
        code = str(form.get("code", ""))
        if user != "?secure" or not pyotp.TOTP(self._goods.totp_secret).verify(code, valid_window=1):
            return self._page(request, "code", 401, wrong="That code is not right.")
        self._goods.sign_in(token, "secure")
        return self._redirect("/account", token)

    async def _sign_out(self, request: Request) -> Response:
        token, _ = self._who(request)
        self._goods.sign_in(token, None)
        return self._redirect("/", token)

    async def _cart(self, request: Request) -> Response:
        token, _ = self._who(request)
        if request.method == "POST":
            form = await request.form()
            number, quantity = str(form.get("product", "")), str(form.get("quantity", "1"))
            if not (number.isdecimal() and quantity.isdecimal() and self._goods.product(int(number))):
                return self._page(request, "missing", 400)
            self._goods.put(token, int(number), int(quantity))
            return self._redirect("/cart", token)
        lines = self._goods.cart(token)
        return self._page(request, "cart", lines=lines, cents=sum(line.cents for line in lines))

    async def _checkout(self, request: Request) -> Response:
        token, user = self._who(request)
        if not _is_signed_in(user):
            return self._redirect("/sign-in", token)
        if request.method == "POST":
            number = self._goods.pay(token, str(user))
            return self._page(request, "thanks", number=number) if number else self._redirect("/cart", token)
        lines = self._goods.cart(token)
        return self._page(request, "checkout", lines=lines, cents=sum(line.cents for line in lines))

    async def _account(self, request: Request) -> Response:
        token, user = self._who(request)
        if not _is_signed_in(user):
            return self._redirect("/sign-in", token)
        return self._page(request, "account", orders=self._goods.orders(str(user)))

    async def _api_health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def _api_products(self, request: Request) -> Response:
        await self._query()
        products = self._goods.products(request.query_params.get("q", ""))
        return JSONResponse({"products": [_as_json(product) for product in products]})

    async def _api_product(self, request: Request) -> Response:
        await self._query()
        product = self._goods.product(request.path_params["number"])
        if product is None:
            return JSONResponse({"error": "no such product"}, HTTPStatus.NOT_FOUND)
        return JSONResponse(_as_json(product))

    async def _api_cart(self, request: Request) -> Response:
        token, _ = self._who(request)
        lines = self._goods.cart(token)
        return JSONResponse({"lines": [{"product": one.product.id, "quantity": one.quantity} for one in lines]})

    async def _api_orders(self, request: Request) -> Response:
        _, user = self._who(request)
        if not _is_signed_in(user):
            return JSONResponse({"error": "sign in first"}, HTTPStatus.UNAUTHORIZED)
        return JSONResponse(
            {"orders": [{"id": number, "cents": cents} for number, cents in self._goods.orders(str(user))]}
        )

    async def _faults_list(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._faults.clear()
        return JSONResponse({"faults": self._faults.listing()})

    async def _fault(self, request: Request) -> Response:
        name = request.path_params["name"]
        try:
            if request.method == "DELETE":
                self._faults.switch_off(name)
            else:
                self._faults.switch_on(name, await _size(request))
        except BadFault as error:
            return JSONResponse({"error": str(error)}, HTTPStatus.UNPROCESSABLE_ENTITY)
        return JSONResponse({"faults": self._faults.listing()})

    @staticmethod
    def _redirect(path: str, token: str) -> Response:
        response = RedirectResponse(path, HTTPStatus.SEE_OTHER)
        response.set_cookie(_COOKIE, token, httponly=True, samesite="lax")
        return response


def build_shop(goods: Goods, faults: Switchboard, third_party: str, chance: random.Random | None = None) -> Starlette:
    """Return the shop.

    Args:
        goods: Its data.
        faults: What goes wrong.
        third_party: Address of the other origin.
        chance: Decides which requests a fault hits.
    """
    middleware = [Middleware(Misbehaviour, faults=faults, chance=chance or random.Random())]
    return Starlette(routes=Shop(goods, faults, third_party).routes(), middleware=middleware)


def build_third_party(faults: Switchboard) -> Starlette:
    """Return the other origin: a widget, a style and a picture that the shop embeds."""
    static = _HERE / "third_party"

    async def serve(request: Request) -> Response:
        await asyncio.sleep(faults.size("slow-third-party") / 1000)
        path = static / request.path_params["name"]
        if path.parent != static or not path.is_file():
            raise HTTPException(404)
        kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
        return Response(
            path.read_bytes(), media_type=kinds.get(path.suffix), headers={"Access-Control-Allow-Origin": "*"}
        )

    return Starlette(routes=[Route("/{name}", serve)])


def _is_signed_in(user: str | None) -> bool:
    return user is not None and not user.startswith("?")


def _as_json(product: Product) -> dict[str, object]:
    return {"id": product.id, "name": product.name, "kind": product.kind, "cents": product.cents}


async def _size(request: Request) -> float | None:
    body = await request.body()
    if not body:
        return None
    try:
        size = (await request.json()).get("size")
        return None if size is None else float(size)
    except (ValueError, AttributeError, TypeError):
        raise BadFault('the body is JSON such as {"size": 800}, or empty for the default size') from None
