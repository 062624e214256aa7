"""The catalogue: the service that reads products, and how the front asks it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import quote

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.faults import FaultBoard, catalogue_effects
from demo.faults.fault_middleware import DisturbedShelves, FaultMiddleware, effects_of
from demo.instruments import Instruments
from demo.product import Product, Shelves
from demo.store.product_table import BROWSING, FINDING, SEARCHING
from demo.world import World

_SLOW_S: Final = 0.2


def catalogue_app(shelves: Shelves, board: FaultBoard, world: World, instruments: Instruments) -> Starlette:
    """Return the application of the catalogue."""

    def seen_by(request: Request) -> Shelves:
        return DisturbedShelves(shelves, effects_of(request), world)

    async def products(request: Request) -> Response:
        began_s = world.monotonic_s()
        words, kind = request.query_params.get("q"), request.query_params.get("kind", "")
        with instruments.querying(BROWSING if words is None else SEARCHING):
            chosen = await (seen_by(request).browse(kind) if words is None else seen_by(request).search(words))
        if effects_of(request).asks_for_each:
            chosen = [again for product in chosen if (again := await find(request, product.id))]
        if (took_s := world.monotonic_s() - began_s) > _SLOW_S:
            instruments.warn(f"slow list: {len(chosen)} products took {took_s * 1000:.0f} ms")
        return JSONResponse([asdict(product) for product in chosen])

    async def product(request: Request) -> Response:
        there = await find(request, request.path_params["product_id"])
        return Response(status_code=404) if there is None else JSONResponse(asdict(there))

    async def find(request: Request, product_id: str) -> Product | None:
        with instruments.querying(FINDING):
            return await seen_by(request).get(product_id)

    return Starlette(
        routes=[Route("/products", products), Route("/products/{product_id:path}", product)],
        middleware=[Middleware(FaultMiddleware, board=board, world=world, decide=catalogue_effects)],
    )


class RemoteShelves:
    """Shelves of the catalogue, as the front reads them."""

    def __init__(self, client: httpx.AsyncClient, instruments: Instruments) -> None:
        self._client = client
        self._instruments = instruments

    async def browse(self, kind: str = "") -> Sequence[Product]:
        """Return the products of a kind in the shop's order; all of them without a kind."""
        return await self._products({"kind": kind})

    async def search(self, words: str) -> Sequence[Product]:
        """Return the products that mention every one of the words, whatever their case."""
        return await self._products({"q": words})

    async def get(self, product_id: str) -> Product | None:
        """Return one product, or None if the shop does not have it."""
        answer = await self._asked(f"/products/{quote(product_id, safe='')}", {})
        return Product(**answer.json()) if answer.status_code == httpx.codes.OK else None

    async def _products(self, query: dict[str, str]) -> Sequence[Product]:
        answer = await self._asked("/products", query)
        rows: list[dict[str, Any]] = answer.raise_for_status().json()
        return [Product(**row) for row in rows]

    async def _asked(self, path: str, query: dict[str, str]) -> httpx.Response:
        headers: dict[str, str] = {}
        with self._instruments.calling("catalogue", f"GET {path}", headers):
            return await self._client.get(path, params=query, headers=headers)
