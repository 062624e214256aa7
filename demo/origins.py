"""The applications: the shop's three services and its third party, with one fault board for all."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates
from starlette.types import ASGIApp

from demo.accounts import Accounts
from demo.admin import Admin
from demo.api import Api
from demo.catalogue_service import RemoteShelves, catalogue_app
from demo.faults import FaultBoard, shop_effects
from demo.faults.fault_middleware import FaultMiddleware
from demo.instruments import Instruments, instruments_of
from demo.pages import AccountPages, CataloguePages, CheckoutPages, shop_templates
from demo.payment_service import RemotePayments, payment_app
from demo.pictures import landscape, product_picture
from demo.shop import Shop
from demo.store import StoredOrders, StoredPayments, StoredSessions, StoredShelves
from demo.third_party import third_party_app
from demo.world import World

_STATIC: Final = Path(__file__).parent / "static"
_DRAWN: Final = {"Cache-Control": "public, max-age=3600"}


@dataclass(frozen=True, slots=True)
class Origins:
    """The shop's front, the services behind it, the third party, and what they share."""

    shop: ASGIApp
    catalogue: ASGIApp
    payment: ASGIApp
    third_party: Starlette
    board: FaultBoard
    instruments: tuple[Instruments, ...]

    def close(self) -> None:
        """Send what services have not told of themselves yet."""
        for instruments in self.instruments:
            instruments.close()


def in_memory(service: str, app: ASGIApp) -> httpx.AsyncClient:
    """Return a client that hands requests to a service without a network."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=f"http://{service}")


def build_origins(
    connection: sqlite3.Connection,
    accounts: Accounts,
    world: World,
    third_party_port: int,
    reached: Callable[[str, ASGIApp], httpx.AsyncClient] = in_memory,
) -> Origins:
    """Wire all applications.

    Args:
        connection: The shop's open database.
        accounts: Who may sign in.
        world: Clocks, randomness and sleep.
        third_party_port: Where pages find the third party, on the host that the visitor used.
        reached: Returns how the front reaches a service, by its name.
    """
    board = FaultBoard(world.monotonic_s)
    telling = front, catalogue, payment = tuple(map(instruments_of, ("front", "catalogue", "payment")))
    shelves = StoredShelves(connection)
    catalogue_served = catalogue.served(catalogue_app(shelves, board, world, catalogue))
    payment_served = payment.served(payment_app(StoredPayments(connection, payment), board, world, payment))
    shop = Shop(
        accounts,
        RemoteShelves(reached("catalogue", catalogue_served), front),
        StoredSessions(connection, world.now),
        StoredOrders(connection),
        RemotePayments(reached("payment", payment_served), front),
        world,
        front,
    )
    front_served = front.served(_shop_app(shop, shelves, board, third_party_port))
    return Origins(front_served, catalogue_served, payment_served, third_party_app(board, world), board, telling)


def _shop_app(shop: Shop, shelves: StoredShelves, board: FaultBoard, third_party_port: int) -> Starlette:
    templates = shop_templates(shop, third_party_port)
    return Starlette(
        routes=[
            *CataloguePages(shop, templates).routes(),
            *CheckoutPages(shop, templates).routes(),
            *AccountPages(shop, templates).routes(),
            *Api(shop).routes(),
            *Admin(board).routes(),
            *_pictures(shelves),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        middleware=[Middleware(FaultMiddleware, board=board, world=shop.world, decide=shop_effects)],
        exception_handlers={HTTPException: _Refusal(templates)},
    )


def _pictures(shelves: StoredShelves) -> list[Route]:
    async def hero(request: Request) -> Response:  # noqa: ARG001
        return Response(landscape(), media_type="image/svg+xml", headers=_DRAWN)

    async def product(request: Request) -> Response:
        product = await shelves.get(request.path_params["product_id"])
        if product is None:
            raise HTTPException(404)
        return Response(product_picture(product), media_type="image/svg+xml", headers=_DRAWN)

    return [Route("/static/art/landscape.svg", hero), Route("/static/art/{product_id}.svg", product)]


class _Refusal:
    """Tells a visitor that something cannot be had: a page for people, JSON for programs."""

    def __init__(self, templates: Jinja2Templates) -> None:
        self._templates = templates

    async def __call__(self, request: Request, error: Exception) -> Response:
        status, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, "")
        if request.url.path.startswith(("/api/", "/admin/")):
            return JSONResponse({"error": detail.lower()}, status_code=status)
        return self._templates.TemplateResponse(request, "refusal.html", {"detail": detail}, status_code=status)
