"""Broken beacons of real users, read as the ingest reads them: `python -m benchmarks.beacon_fuzz [--count N]`.

A beacon is broken at random: values replaced by others of any kind, bytes changed, doubled and left out. Counted are
those that raise anything but a refusal, that take longer than half a second of the processor, and views and errors
that no spool could hold or no column of the table could. With `--engine`, what was read is inserted, too.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from benchmarks.broken_json import broken_json

from outrider.errors import EventScrubber
from outrider.real_users import BadBeacon, PageView, ReceivedBeacon, read_beacon
from outrider.telemetry import Scrubber, read_event
from outrider.telemetry_store import EngineOptions, TelemetryStore

SLOW_S: Final = 0.5
INSERT_EVERY: Final = 5_000
NOW_US: Final = time.time_ns() // 1000
LINE: Final = {"project": 1, "service": "shop", "environment": "live", "received_us": NOW_US, "sent_us": None}
BEACON: Final[dict[str, Any]] = {
    "v": 1, "session": "019af" + "0" * 26 + "1", "view": "0" * 15 + "1", "n": 3, "sent": 1, "at": 1, "ms": 9_000,
    "url": "https://shop.example/product/12345?x=1", "from": "https://shop.example/", "page": "", "nav": "navigate",
    "release": "shop@1.4", "user": "ada@example.org", "connection": "4g", "robot": False, "width": 390, "touch": True,
    "synthetic": "", "trace": "ab" * 16, "vitals": {"lcp": 1200.5, "inp": 80, "cls": 0.02, "fcp": 700, "ttfb": 120},
    "causes": {"lcp.element": "img.hero", "lcp.delay": "120"},
    "counts": {"errors": 1, "rage": 0, "dead": 1, "long": 2, "longMs": 130, "calls": 3, "failed": 1},
    "resources": [["script", "https://shop.example/app.js", 2, 80, 60, 120_000, 0]],
    "events": [[120, "click", "button#buy"], [150, "call", "POST /api/cart/*", 500, 80, "ab" * 16]],
    "errors": [{"id": "cd" * 16, "t": 200, "type": "TypeError", "message": "no stock", "source": "onerror", "trace": "",
                "stack": "TypeError: no stock\n    at pay (https://shop.example/app.js:7:30)"}],
}  # fmt: skip
ODD: Final[tuple[Any, ...]] = (
    None, True, -1, 0, 2**63, -(2**70), 1e308, float("nan"), float("inf"), "", "\x00", "\ud800", "x" * 5_000, "4" * 20,
    "javascript:alert(1)", "http://[::1", "https://a.example:99999/", [], {}, [[]], {"a": {"b": []}}, [1, 2, 3],
    "<script>", "\u202e", "ada@example.org 4242 4242 4242 4242",
)  # fmt: skip


def main() -> int:
    """Print what was counted; one if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", action="store_true")
    options = parser.parse_args()
    rng, scrubber = random.Random(options.seed), Scrubber()
    events = EventScrubber(scrubber.text, scrubber.hides)
    received = ReceivedBeacon(1, "shop", "production", NOW_US, "203.0.113.9", "Mozilla/5.0 Chrome/156", b"k" * 32)
    refused, problems, views = 0, [], []
    with tempfile.TemporaryDirectory() as folder:
        store = TelemetryStore.open_embedded(EngineOptions(Path(folder))) if options.engine else None
        for number in range(options.count):
            content, began_s = broken_json(BEACON, ODD, rng, most=3, early=0.3), time.thread_time()
            try:
                beacon = read_beacon(content, received, scrubber.text)
                view = PageView._make(json.loads(json.dumps(beacon.view, ensure_ascii=False).encode()))
                for document in beacon.errors:
                    read_event(LINE | {"id": document["event_id"], "document": events.document(document)})
                views.append(view)
            except BadBeacon:
                refused += 1
            except Exception as error:
                problems.append(f"{type(error).__name__}: {error}: {content[:300]!r}")
            if time.thread_time() - began_s > SLOW_S:
                problems.append(f"slow: {content[:300]!r}")
            if store is not None and (len(views) >= INSERT_EVERY or number == options.count - 1):
                store.insert_page_views(views, token=f"fuzz {number}")
                views.clear()
        if store is not None:
            store.close()
    print(f"{options.count:,} beacons: {refused:,} refused, {len(problems)} wrong", *problems[:10], sep="\n")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
