"""Broken errors through intake, spool and digestion: `python -m benchmarks.error_fuzz [--count N] [--seed N]`.

Envelopes, single events, reports of browsers, exceptions of OpenTelemetry and stacks as run times print them are broken
at random: bytes changed, doubled and left out, values of JSON replaced or nested, bodies compressed and what they
compress to broken. Each goes the way of a request, and what is acknowledged is read from the spool and grouped.
Counted: what raises anything but a refusal, takes longer than two seconds of the processor, makes an event of more than
2 MB, or is acknowledged and not read; each is printed with its seed. Wanted: none.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import tempfile
import time
import traceback
import zlib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import brotli

from outrider.app.errors.telemetry_inbox import TelemetryInbox
from outrider.errors import EventScrubber, browser_frames, group, log_error, span_error, stack_exceptions
from outrider.model import ErrorProject, KeyPurpose, LogRecord, ProjectKey, Span, SpanEvent, event_to_json
from outrider.telemetry import ErrorIntake, ErrorRequestHead, RefusedErrors, Scrubber, Spool, Tally, read_event
from outrider.workspace import TelemetrySettings, load

if TYPE_CHECKING:
    from collections.abc import Callable

SLOW_S: Final = 2.0
LARGEST: Final = 2_000_000
PROJECT: Final = ErrorProject(1, "shop", "live", 0, 10**9)
KEY: Final = ProjectKey("k" * 32, 1, KeyPurpose.SERVER, 0, "ada", per_minute=10**9)
FRAMES: Final = [
    {"module": "shop.pay", "function": "charge", "filename": "shop/pay.py", "abs_path": "/app/shop/pay.py", "lineno": 7,
     "colno": 3, "in_app": True, "pre_context": ["a", "b"], "context_line": "raise X", "post_context": ["c"],
     "vars": {"order": "17", "password": "x"}},
    {"module": "com.shop.Pay$Inner", "function": "lambda$run$0", "filename": "Pay.java", "lineno": 12},
    {"package": "/lib/libc.so", "instruction_addr": "0x7f", "function": "_ZN4shop3payE::h0123456789abcdef"},
]  # fmt: skip
SPAN: Final = {
    "trace_id": "c" * 32, "span_id": "d" * 16, "parent_span_id": "e" * 16, "op": "db", "description": "SELECT 1",
    "name": "GET /", "status": "ok", "start_timestamp": 1_795_000_000.5, "timestamp": "2026-11-29T10:00:00Z",
    "end_timestamp": 1_795_000_001, "data": {"a": 1}, "attributes": {"sentry.op": {"value": "http.client"}},
    "level": "warn", "body": "text",
}  # fmt: skip
EVENT: Final[dict[str, Any]] = {
    "event_id": "ab" * 16, "timestamp": 1_795_000_000.5, "platform": "python", "level": "error", "release": "shop@1.0",
    "exception": {"values": [{"type": "KeyError", "value": "'sku'", "stacktrace": {"frames": FRAMES}},
                             {"type": "PaymentError", "mechanism": {"type": "x", "handled": False}}]},
    "logentry": {"message": "order %s failed %d", "params": ["17", 3]}, "tags": [["region", "eu"], ["a", "b"]],
    "user": {"id": 7, "email": "ada@example.org", "ip_address": "203.0.113.7"}, "fingerprint": ["{{ default }}", "x"],
    "request": {"url": "https://shop.example/?a=1", "headers": {"Cookie": "x"}, "data": {"a": [1]}},
    "breadcrumbs": {"values": [{"timestamp": "2026-11-29T10:00:00Z", "category": "http", "data": {"a": 1}}]},
    "contexts": {"trace": {"trace_id": "c" * 32, "span_id": "d" * 16}, "browser": {"name": "Firefox"}},
    "threads": {"values": [{"id": 1, "crashed": True, "stacktrace": {"frames": FRAMES}}]}, "extra": {"sys.argv": ["a"]},
    "debug_meta": {"images": [{"type": "sourcemap", "debug_id": "e" * 32, "code_file": "a.js"}]},
    "sdk": {"name": "sentry.python", "version": "2"}, "start_timestamp": 1_795_000_000, "spans": [SPAN, SPAN],
    "discarded_events": [{"category": "error", "reason": "x", "quantity": 3}],
}  # fmt: skip
REPORT: Final[Any] = [
    {"csp-report": {"document-uri": "https://a/", "violated-directive": "script-src", "blocked-uri": "https://b/x"}},
    {"type": "csp-violation", "url": "https://a/", "body": {"effectiveDirective": "img-src", "blockedURL": "inline"}},
]
STACKS: Final = (
    'Traceback (most recent call last):\n  File "/app/a.py", line 3, in f\n    g()\nshop.E: no\n\n'
    "During handling of the above exception, another exception occurred:\n\n"
    'Traceback:\n  File "b.py", line 1, in <module>\nKeyError: 1',
    "com.a.E: x\n\tat com.a.B.c(B.java:7)\n\tat a.b/c.d.E.f(Native Method)\n"
    "Caused by: java.io.E: y\n\tat a.B.c(B.java:1)",
    "A.E: x\n ---> B.E: y\n   at B.C.D(Int32 a) in C:\\b.cs:line 3\n"
    "   --- End of inner exception stack trace ---\n   at A.B()",
    "TypeError: x\n    at f (/a/b.js:1:2)\n    at async Promise.all (index 0)\n"
    "    at eval (eval at g (https://a/b.js:1:2), <anonymous>:1:1)",
    "goroutine 1 [running]:\nmain.(*A).b(0xc0, {0x1})\n\t/a/b.go:12 +0x1d\nmain.main()\n\t/a/c.go:3",
    "/a/b.rb:1:in `c': no (E)\n\tfrom /a/d.rb:2:in 'A#b'", "#0 /a/b.php(3): A\\B->c('x')\n#1 {main}",
    "pay@https://a/b.js?v=1:10:5\nasync*total@https://a/b.js:20:6\nrun@https://a/b.js line 30 > eval:1:1",
)  # fmt: skip
ITEMS: Final = ("event", "event", "transaction", "span", "log", "trace_metric", "client_report", "?")
ODD: Final[tuple[Any, ...]] = (
    None, True, -1, 2**63, 10**400, 1e308, -0.0, "", "\0", "\ud800", "é" * 300, "x" * 100_000, "{{ default }}",
    "%s%s%d",
    [], [[]], {}, {"values": 5}, ["a"] * 1_000, "a.b/" * 9_000, "(" * 9_000, "9" * 30, "2100-01-01T00:00:00Z",
)  # fmt: skip


class OneKey:
    """A registry of one key."""

    def find(self, key: str) -> tuple[ErrorProject, ProjectKey] | None:
        """Return the key."""
        return (PROJECT, KEY) if key == KEY.id else None

    def remembers(self, key: str) -> bool:
        """Return whether it is the key."""
        return key == KEY.id


def with_odd_value(value: Any, rng: random.Random) -> Any:
    """Return a copy of a value of JSON in which one part is another, or nested."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        name = rng.choice(list(value))
        return {
            **value,
            (name if rng.random() < 0.95 else str(rng.choice(ODD))[:200]): with_odd_value(value[name], rng),
        }
    if isinstance(value, list) and value and rng.random() < 0.9:
        place = rng.randrange(len(value))
        return [*value[:place], with_odd_value(value[place], rng), *value[place + 1 :]]
    odd = rng.choice(ODD)
    for _ in range(rng.choice((0, 0, 0, 3, 40))):
        odd = [odd] if rng.random() < 0.5 else {"a": odd}
    return odd


def broken(data: bytes, rng: random.Random) -> bytes:
    """Return bytes of which some are changed, left out or doubled."""
    content = bytearray(data)
    for _ in range(rng.choice((0, 0, 1, 3))):
        at = rng.randrange(len(content) + 1)
        end = at + rng.choice((1, 2, 9, 200))
        content[at:end] = rng.choice((b"", rng.randbytes(2), bytes(content[at:end]) * 2, b"\n", b"{", b'"'))
    return bytes(content)


def packed(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """Return a body and how it is compressed, as it may be said."""
    name = rng.choice(("", "", "gzip", "deflate", "br"))
    pack: Callable[[bytes], bytes] = {
        "gzip": lambda own: gzip.compress(own, 1), "deflate": zlib.compress,
        "br": lambda own: brotli.compress(own, quality=1), "": bytes,
    }[name]  # fmt: skip
    return broken(pack(data), rng) if name and rng.random() < 0.2 else pack(data), name


def request(intake: ErrorIntake, rng: random.Random) -> None:
    """Send a broken envelope, event or report."""
    kind = rng.randrange(4)
    text = json.dumps(REPORT if kind == 3 else {"items": [SPAN, SPAN]} if rng.random() < 0.2 else EVENT)
    value = json.loads(text)
    for _ in range(rng.randrange(4)):
        value = with_odd_value(value, rng)
    payload = broken(json.dumps(value).encode("utf-8", "surrogatepass"), rng)
    if kind < 2:
        header: dict[str, Any] = {"type": rng.choice(ITEMS), "length": len(payload)}
        if rng.random() < 0.3:
            del header["length"]
        payload = broken(b"{}\n" + json.dumps(header).encode() + b"\n" + payload + b"\n", rng)
    body, encoding = packed(payload, rng)
    take = (intake.take_envelope, intake.take_envelope, intake.take_event, intake.take_reports)[kind]
    take(ErrorRequestHead(1, KEY.id, "", "127.0.0.1", encoding), body)


def stack(rng: random.Random) -> None:
    """Read a broken stack, and group an exception of a span or a log record that has it."""
    text = broken("\n".join(rng.choices(STACKS, k=rng.choice((1, 1, 2, 30)))).encode(), rng).decode("utf-8", "replace")
    if rng.random() < 0.1:
        text = text.replace(rng.choice((" ", "(", "/", "a")), rng.choice(("((", "/" * 500, "a." * 900, ":1:1")))
    browser_frames(text)
    stack_exceptions(text, "", "")
    attributes = {"exception.type": rng.choice(("E", "", "a.b.E")), "exception.stacktrace": text}
    resource = {"telemetry.sdk.language": rng.choice(("java", "python", "", "webjs"))}
    happened = SpanEvent(1, "exception", attributes)
    span = Span(1, "c" * 32, "d" * 16, "", "", "GET /", "Server", "shop", resource, "", "", {}, 1, events=(happened,))
    record = LogRecord(1, "", "", 0, "", 17, "shop", text[:200], resource, "", "", attributes)
    for event in (span_error(span, happened, PROJECT, 1), log_error(record, PROJECT, 1)):
        group(event)
        if len(event_to_json(event)) > LARGEST:
            raise ValueError("an event of more than 2 MB")


def digest(spool: Spool, tally: Tally) -> None:
    """Read and group what was acknowledged."""
    for segment in spool.sealed():
        for line in segment.read_bytes().splitlines(keepends=True):
            event = read_event(json.loads(line))
            group(event)
            if len(event_to_json(event)) > LARGEST:
                raise ValueError("an event of more than 2 MB")
            tally.add("read")
        spool.forget(segment)


def main() -> None:
    """Print what went wrong, and how many went well."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    scrubber, outcomes, wrong = Scrubber(), Counter[str](), 0
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "outrider.toml").touch()
        tally, read = Tally(), Tally()
        spool = Spool(Path(folder) / "spool", 10**9)
        workspace = replace(load(Path(folder)), telemetry=TelemetrySettings())
        inbox = TelemetryInbox(workspace, scrubber, tally)
        intake = ErrorIntake(spool, OneKey(), EventScrubber(scrubber.text, scrubber.hides), tally, pass_on=inbox.take)
        for number in range(arguments.seed, arguments.seed + arguments.count):
            rng, began_s = random.Random(number), time.process_time()
            try:
                if number % 3:
                    request(intake, rng)
                    digest(spool, read)
                else:
                    stack(rng)
                outcomes["taken" if number % 3 else "stacks"] += 1
            except RefusedErrors as refusal:
                outcomes[f"refused {refusal.status}"] += 1
            except Exception:
                wrong += 1
                print(f"seed {number}:\n{traceback.format_exc()}")
            if time.process_time() - began_s > SLOW_S:
                wrong += 1
                print(f"seed {number} took {time.process_time() - began_s:.1f} s")
    taken, were_read = tally.counts().get("events taken", 0), read.counts().get("read", 0)
    print(f"{arguments.count:,} inputs: {dict(sorted(outcomes.items()))}; events taken {taken:,}, read {were_read:,}")
    if wrong or taken != were_read:
        raise SystemExit(f"{wrong} went wrong, {taken - were_read} were acknowledged and not read")


if __name__ == "__main__":
    main()
