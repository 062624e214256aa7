"""What errors cost until they are issues: `python -m benchmarks.error_ingest [--events N]`.

Envelopes of 8 KB, as Sentry's client of Python sends them, each with texts of its own and of 50 causes, compressed with
gzip, are sent by two threads of this process over connections that stay open; the ingest of a workspace is a process of
its own. Measured is the processor time of that process: until all are acknowledged while nothing is stored, and then
for storing what waits. Printed are events per second of the processor, and of those accepted twice that, which two
cores do without what clients cost. Wanted: 4,000 accepted and 800 digested.

`--causes 1` is a flood of one issue and `--causes 10000` one of new issues; of `--per-minute N` the key takes no more.
What was offered has to be what was stored whole, sampled and refused, exactly, and what the issues count.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx

from outrider.app.access.workspace_access import now_us, open_store
from outrider.app.errors.error_projects import KeyRequest, add_project
from outrider.app.errors.error_service import StoredKeys
from outrider.app.errors.followed_error_rules import FollowedErrorRules
from outrider.errors import EventScrubber
from outrider.model import IssueQuery
from outrider.server import Background, error_application, listen
from outrider.telemetry import ErrorDigestion, ErrorIntake, Scrubber, Spool, Tally
from outrider.workspace import ErrorSettings, load

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

CORES: Final = 2
_MOST_ISSUES: Final = 20_000
_LETTERS: Final = str.maketrans("0123456789", "abcdefghij")  # a number in a name is no other cause
WORDS: Final = tuple(f"word{number}" for number in range(4_000))


def document(number: int, rng: random.Random, causes: int = 50) -> dict[str, Any]:
    """Return an event of about 8 KB."""
    cause = f"{number % causes}".translate(_LETTERS)
    frames = [
        {
            "module": f"shop.part{cause}.layer{depth}", "function": f"handle_{depth}",
            "filename": f"shop/layer{depth}.py",
            "lineno": 10 + depth, "in_app": True, "context_line": f"    return self.layer{depth + 1}.handle(order)",
            "pre_context": ["    def handle(self, order):", "        check(order)", "        log(order)"],
            "post_context": ["", "    def close(self):", "        pass"],
            "vars": {"order": f"<Order {rng.randrange(10**9)}>", "text": " ".join(rng.choices(WORDS, k=6))},
        }
        for depth in range(14)
    ]  # fmt: skip
    return {
        "event_id": f"{rng.getrandbits(128):032x}", "platform": "python", "release": "shop@1.0.0", "level": "error",
        "timestamp": time.time(), "server_name": "web-1", "user": {"id": str(rng.randrange(10**6))},
        "exception": {"values": [{
            "type": f"Error{cause}", "value": f"order {rng.randrange(10**9)} failed", "stacktrace": {"frames": frames},
        }]},
        "breadcrumbs": {"values": [
            {"timestamp": time.time(), "category": "http", "message": f"GET /orders/{rng.randrange(10**9)}"}
            for _ in range(12)
        ]},
        "contexts": {"trace": {"trace_id": f"{rng.getrandbits(128):032x}", "span_id": f"{rng.getrandbits(64):016x}"}},
    }  # fmt: skip


def envelope(event: dict[str, Any]) -> bytes:
    """Return it as it is sent."""
    payload = json.dumps(event).encode()
    header = json.dumps({"type": "event", "length": len(payload)}).encode()
    return gzip.compress(b"{}\n" + header + b"\n" + payload, 6)


def ingest(root: Path, pipe: Connection) -> None:
    """Take errors, then store them, each as it is told to; say what processor time each took."""
    workspace = load(root)
    with open_store(workspace) as store:
        tally, scrubber = Tally(), Scrubber()
        spool = Spool(workspace.state / "errors/spool", 10**10)
        keys = StoredKeys(store.projects)
        intake = ErrorIntake(spool, keys, EventScrubber(scrubber.text, scrubber.hides), tally)
        rules = FollowedErrorRules(root)
        listener = listen("127.0.0.1", 0)
        server = Background(error_application(intake), listener)
        pipe.send(listener.getsockname()[1])
        began_s = time.process_time()
        pipe.recv()
        pipe.send(time.process_time() - began_s)
        server.close()
        digestion = ErrorDigestion(spool, lambda events: store.errors.add(events, rules.current()), tally)
        began_s = time.process_time()
        digestion.digest()
        spent_s = time.process_time() - began_s
        issues = store.errors.list(IssueQuery(now_us()), _MOST_ISSUES, hours=1)
        pipe.send((spent_s, tally.counts(), len(issues), sum(issue.events for issue in issues)))


def send(port: int, key: str, bodies: list[bytes]) -> int:
    """Send envelopes one after the other; return how many were acknowledged."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"content-encoding": "gzip"}) as client:
        answers = (client.post(f"/api/1/envelope/?sentry_key={key}", content=body) for body in bodies)
        return sum(answer.status_code == httpx.codes.OK for answer in answers)


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=4_000)
    parser.add_argument("--causes", type=int, default=50)
    parser.add_argument("--per-minute", type=int, default=10**9)
    arguments = parser.parse_args()
    count = arguments.events
    rng = random.Random(3)
    bodies = [envelope(document(number, rng, arguments.causes)) for number in range(count)]
    print(f"{count:,} envelopes of {len(gzip.decompress(bodies[0])):,} bytes, {len(bodies[0]):,} compressed")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "outrider.toml").write_text("[errors]\n", "utf-8")
        workspace = replace(load(root), errors=ErrorSettings())
        with open_store(workspace) as store:
            most = 10**9
            issued = add_project(
                store, workspace, "shop", "production", per_day=most, key=KeyRequest(per_minute=arguments.per_minute)
            )
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(target=ingest, args=(root, theirs))
        process.start()
        port = ours.recv()
        began_s = time.monotonic()
        with ThreadPoolExecutor(2) as threads:
            halves = [bodies[part::2] for part in range(2)]
            taken = sum(threads.map(lambda half: send(port, issued.key.id, half), halves))
        wall_s = time.monotonic() - began_s
        ours.send(None)
        accepted_s = ours.recv()
        digested_s, counts, issues, events = ours.recv()
        process.join()
    rate = taken / accepted_s
    print(f"accepted: {taken:,} in {wall_s:.1f} s; {rate:,.0f}/s of one core, {CORES * rate:,.0f}/s of two")
    stored, sampled, refused = (
        counts.get(f"events {what}", 0) for what in ("stored", "sampled", "refused, limit of the key")
    )
    digested = stored + sampled
    print(f"digested: {digested:,}; {digested / digested_s:,.0f}/s of one core; {counts}")
    print(f"offered {count:,} = stored whole {stored:,} + sampled {sampled:,} + refused {refused:,}")
    print(f"{issues:,} issues count {events:,} events")
    if count != digested + refused or events != digested:
        raise SystemExit("the counts are wrong")


if __name__ == "__main__":
    main()
