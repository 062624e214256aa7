"""Starts the shop and its third party: `python -m demo --port 8700`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from demo.faults import Switchboard
from demo.goods import Goods
from demo.shop import build_shop, build_third_party

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.applications import Starlette


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m demo", description="The demo shop, with faults to switch on.")
    parser.add_argument("--port", type=int, default=8700, help="0 picks a free one")
    parser.add_argument("--third-party-port", type=int, default=8701)
    parser.add_argument("--data", type=Path, help="SQLite file; a temporary one by default")
    arguments = parser.parse_args(argv)
    try:
        sockets = [_listen(port) for port in (arguments.port, arguments.third_party_port)]
    except OSError as error:
        print(f"{error}\n  choose others: python -m demo --port 0 --third-party-port 0", file=sys.stderr)
        return 4
    with tempfile.TemporaryDirectory(prefix="outrider-shop-") as folder, contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(sockets, arguments.data or Path(folder, "shop.db")))
    return 0


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise OSError(f"port {port} is taken: {error.strerror}") from None
    return listener


async def _serve(sockets: Sequence[socket.socket], data: Path) -> None:
    shop_url, third_party_url = (f"http://127.0.0.1:{one.getsockname()[1]}" for one in sockets)
    faults, goods = Switchboard(), Goods(data)
    servers = [_server(build_shop(goods, faults, third_party_url)), _server(build_third_party(faults))]
    print(json.dumps({"shop": shop_url, "third_party": third_party_url}), flush=True)
    try:
        await asyncio.gather(*(server.serve([one]) for server, one in zip(servers, sockets, strict=True)))
    finally:
        goods.close()


def _server(app: Starlette) -> uvicorn.Server:
    return uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1, lifespan="off"))


if __name__ == "__main__":
    sys.exit(main())
