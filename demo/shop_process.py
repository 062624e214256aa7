"""The shop as a process of its own, with the variables by which a workspace finds it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from demo.instruments import ENDPOINT
from demo.pages.page_templates import RUM_DSN

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def opened(folder: str | Path, telemetry: str = "", real_users: str = "") -> Iterator[dict[str, str]]:
    """Open the shop on free ports of loopback; give the variables that the root's journeys and probes read.

    Args:
        folder: Where the shop keeps what it sells.
        telemetry: Where its services send traces, logs and metrics, as OTLP over HTTP; nowhere if empty.
        real_users: The DSN that its pages tell what users live through; they tell nothing if empty.
    """
    ports = ("--port", "0", "--third-party-port", "0")
    command = [sys.executable, "-m", "demo", *ports, "--data", str(Path(folder, "shop.db"))]
    endpoints = {ENDPOINT: telemetry, RUM_DSN: real_users}
    environment = {**os.environ, **{name: value for name, value in endpoints.items() if value}}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            addresses: dict[str, str] = json.loads(process.stdout.readline())
            address = addresses["shop"].rstrip("/")
            yield {
                "SHOP_URL": address,
                "SHOP_ADDRESS": address.removeprefix("http://"),
                "SHOP_TLS": addresses["tls"],
                "SHOP_DNS": addresses["names"],
            }
        finally:
            process.terminate()
