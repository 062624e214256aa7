"""The third party: a second origin whose script, style sheet, image and reviews the shop embeds."""

import hashlib
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from demo.faults import FaultBoard, third_party_effects
from demo.faults.fault_middleware import FaultMiddleware
from demo.world import World

_FILES: Final = Path(__file__).parent / "third_party_files"
# Without Timing-Allow-Origin a browser hides the phases of a cross-origin request.
_HEADERS: Final = {"Timing-Allow-Origin": "*", "Cache-Control": "public, max-age=300"}


def third_party_app(board: FaultBoard, world: World) -> Starlette:
    """Return the third party's application."""
    return Starlette(
        routes=[
            Route("/reviews/{product_id}.json", _reviews),
            *(Route(f"/{name}", _file) for name in ("reviews.js", "reviews.css", "badge.svg")),
        ],
        middleware=[
            Middleware(CORSMiddleware, allow_origins=["*"]),
            Middleware(FaultMiddleware, board=board, world=world, decide=third_party_effects),
        ],
    )


async def _file(request: Request) -> Response:
    return FileResponse(_FILES / request.url.path.lstrip("/"), headers=_HEADERS)


async def _reviews(request: Request) -> Response:
    digest = hashlib.sha256(request.path_params["product_id"].encode()).digest()
    stars, count = round(3.8 + digest[0] / 255 * 1.1, 1), 12 + digest[1] % 90
    return JSONResponse({"stars": stars, "count": count}, headers=_HEADERS)
