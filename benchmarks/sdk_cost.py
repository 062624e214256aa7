"""What OpenTelemetry's SDKs cost the demo shop: `python -m benchmarks.sdk_cost [ROUNDS]`.

Three shops run beside each other: one with the SDKs, which `outrider ingest` takes telemetry from, and two without.
Each round asks all of them for the same pages, a block each, one request after the other; the order turns from round
to round. Printed are requests a second, the median and the processor time of a request, and ratios within the rounds:
those of the two shops without SDKs say how far equals differ.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil
from benchmarks.telemetry_beside import ingest
from benchmarks.telemetry_ingest import busy_s
from demo.shop_process import opened

PATHS = ("/", "/products", "/search?q=tent", "/cart")
BLOCK = 100


class Block(NamedTuple):
    """What one block of requests took."""

    rate: float
    median_ms: float
    processor_ms: float


class Shop(NamedTuple):
    """A running shop."""

    name: str
    client: httpx.Client
    process: psutil.Process

    def block(self) -> Block:
        """Ask for the pages, one after the other."""
        used_s, began_s, times_s = busy_s(self.process), time.perf_counter(), []
        for number in range(BLOCK):
            asked_s = time.perf_counter()
            self.client.get(PATHS[number % len(PATHS)]).raise_for_status()
            times_s.append(time.perf_counter() - asked_s)
        rate = BLOCK / (time.perf_counter() - began_s)
        return Block(rate, 1e3 * statistics.median(times_s), 1e3 * (busy_s(self.process) - used_s) / BLOCK)


def open_shop(stack: ExitStack, folder: Path, name: str, telemetry: str = "") -> Shop:
    """Start a shop and find its process among ours."""
    before = set(psutil.Process().children())
    (folder / name).mkdir()
    url = stack.enter_context(opened(folder / name, telemetry))["SHOP_URL"]
    [process] = set(psutil.Process().children()) - before
    return Shop(name, stack.enter_context(httpx.Client(base_url=url, timeout=60)), process)


def main(rounds: int) -> None:
    """Measure, and print."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "workspace").mkdir()
        running = stack.enter_context(ingest(folder / "workspace"))
        shops = [open_shop(stack, folder, "SDKs", running.address)]
        shops += [open_shop(stack, folder, name) for name in ("none", "none again")]
        blocks_of: dict[str, list[Block]] = {shop.name: [] for shop in shops}
        for shop in shops:
            shop.block()
        for number in range(rounds):
            for place in range(len(shops)):
                shop = shops[(number + place) % len(shops)]
                blocks_of[shop.name].append(shop.block())
        time.sleep(3)
        print(f"{running.count('otel_traces'):,} spans and {running.count('otel_logs'):,} logs arrived")
    print(f"{'':12} requests/s   median   processor   (of {rounds} blocks of {BLOCK} requests)")
    for name, blocks in blocks_of.items():
        rate, median, used = (statistics.median(values) for values in zip(*blocks, strict=True))
        print(f"{name:12} {rate:10.1f} {median:5.2f} ms {used:8.2f} ms")
    for name in ("SDKs", "none again"):
        pairs = zip(blocks_of[name], blocks_of["none"], strict=True)
        ratios = [[own / base for own, base in zip(block, bare, strict=True)] for block, bare in pairs]
        rate, median, used = (statistics.median(values) for values in zip(*ratios, strict=True))
        print(
            f"{name} : none  {rate:.3f} of the requests a second, {median:.3f} of the median, {used:.3f} of processor"
        )
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
