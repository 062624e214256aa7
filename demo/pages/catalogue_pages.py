"""Pages for browsing: home, catalogue, search and product."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates

from demo.cart import MOST_OF_ONE
from demo.seed import KINDS
from demo.shop import Shop

_FEATURED: Final = 4


class CataloguePages:
    """Pages that only read."""

    def __init__(self, shop: Shop, templates: Jinja2Templates) -> None:
        self._shop = shop
        self._render = templates.TemplateResponse

    def routes(self) -> list[Route]:
        """Return where these pages stand."""
        return [
            Route("/", self.home),
            Route("/products", self.products),
            Route("/products/{product_id}", self.product),
            Route("/search", self.search),
        ]

    async def home(self, request: Request) -> Response:
        """Show the hero, a few products, and one picked by chance on request."""
        products = await self._shop.shelves.browse()
        context = {"featured": products[:_FEATURED], "others": products[_FEATURED:]}
        return self._render(request, "home.html", context)

    async def products(self, request: Request) -> Response:
        """Show the catalogue, or one kind of it."""
        kind = request.query_params.get("kind", "")
        if kind and kind not in KINDS:
            raise HTTPException(404, f"The shop has no kind called {kind}.")
        products = await self._shop.shelves.browse(kind)
        return self._render(request, "products.html", {"kind": kind, "products": products})

    async def product(self, request: Request) -> Response:
        """Show one product."""
        product = await self._shop.shelves.get(request.path_params["product_id"])
        if product is None:
            raise HTTPException(404, "The shop does not have this product.")
        return self._render(request, "product.html", {"product": product, "most": MOST_OF_ONE})

    async def search(self, request: Request) -> Response:
        """Show the products that mention every word."""
        words = request.query_params.get("q", "").strip()
        products = await self._shop.shelves.search(words)
        return self._render(request, "search.html", {"words": words, "products": products})
