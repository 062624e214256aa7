"""What redaction adds to a journey and to a probe: `python -m benchmarks.redaction [MEGABYTES]`.

A trace of some megabyte, as Playwright writes it (records of calls, requests with headers, snapshots of pages, and as
much of pictures), and the measurement of a journey and of a probe, with five declared secrets. Times are medians of
processor time.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
import zipfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.model import ErrorRecord, ErrorSource, Measurement, Outcome, Sample, Step, StepKind
from outrider.workspace import Mask, Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TURNS = 15
_SECRETS = ["hunter2-password", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "totp-seed-7788", 'p@ss "quoted"', "webhook/T0/B0"]
_WORDS = ("cart", "checkout", "pay", "price", "shipping", "address", "total", "order", "item", "quantity", "button")
_PHASES = ("duration_ms", "dns_ms", "connect_ms", "tls_ms", "first_byte_ms", "transfer_ms", "body_bytes")


def records(size: int, *, with_secrets: bool) -> Iterator[str]:
    """Yield lines of a trace, some `size` characters together."""
    rng = random.Random(7)
    secret = "hunter2-password" if with_secrets else "nothing"
    written = 0
    while written < size:
        words = " ".join(rng.choices(_WORDS, k=60))
        headers = [{"name": name, "value": words[:30]} for name in ("accept", "user-agent", "content-type", "etag")]
        headers += [{"name": "cookie", "value": "sid=abc"}] if with_secrets else []
        request = {"method": "GET", "url": f"https://shop.test/{words[:20]}?page=1", "headers": headers}
        nodes = [["DIV", {"class": word, "data-testid": word}, word] for word in words.split()]
        for record in (
            {"type": "before", "method": "fill", "params": {"selector": "internal:label", "value": secret}},
            {"type": "resource-snapshot", "snapshot": {"request": request, "response": {"headers": headers}}},
            {"type": "frame-snapshot", "snapshot": {"html": nodes, "viewport": {"width": 1280}}},
        ):
            line = json.dumps(record)
            written += len(line)
            yield line


def trace(path: Path, size: int, *, with_secrets: bool) -> Path:
    """Write a trace that unpacks to some `size` bytes of records, and as much again of pictures."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("trace.trace", "\n".join(records(size, with_secrets=with_secrets)))
        for number in range(10):
            archive.writestr(f"resources/{number}.jpeg", b"\xff\xd8\0" + random.Random(number).randbytes(size // 10))
    return path


def journey() -> Measurement:
    """Return what a journey of twenty steps measures."""
    steps = tuple(
        Step(f"click button {number}", f"Click {number}", StepKind.AUTOMATIC, number, 5.0) for number in range(20)
    )
    samples = tuple(Sample(step.key, metric, 1.0) for step in steps for metric in ("duration_ms", "lcp_ms"))
    error = ErrorRecord(ErrorSource.TEST, "expected 3 items, got 2 " * 20, "at shop.py:7 in test_pay\n" * 20)
    return Measurement(Outcome.FAILED, "expected 3 items, got 2", 1, 1000.0, steps, samples, (error,))


def probe() -> Measurement:
    """Return what a probe that passes measures."""
    step = Step("GET /", "GET /", StepKind.NAMED, 0.0, 12.0)
    samples = tuple(Sample("", metric, 1.5) for metric in _PHASES)
    attributes = {"remote": "10.0.0.7", "protocol": "h2", "asked": "https://shop.test"}
    return Measurement(Outcome.PASSED, "", 1, 12.0, (step,), samples, attributes=attributes)


def median_ms(work: Callable[[], object], prepare: Callable[[], object] = lambda: None, turns: int = _TURNS) -> float:
    """Return the median time of some work; what prepares it is not counted."""
    times = []
    for _ in range(turns):
        prepare()
        begin_s = time.process_time()
        work()
        times.append((time.process_time() - begin_s) * 1000)
    return statistics.median(times)


def main() -> None:
    """Print the table."""
    size = round(float(sys.argv[1] if len(sys.argv) > 1 else "1") * (1 << 20))
    redactor = Redactor(Mask(_SECRETS))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "trace.zip")
        for name, with_secrets in (("trace without secrets", False), ("trace with secrets on a third of lines", True)):
            content = trace(path, size, with_secrets=with_secrets).read_bytes()
            took_ms = median_ms(lambda: redactor.file(path), partial(path.write_bytes, content))
            print(f"{name}, {size / (1 << 20):.1f} MB: {took_ms:.1f} ms")
    texts = [journey() for _ in range(_TURNS)]
    print(f"texts of a journey: {median_ms(lambda: redactor.measurement(texts.pop())):.2f} ms")
    probes = [probe() for _ in range(1000)]
    took_ms = median_ms(lambda: [redactor.measurement(measurement) for measurement in probes], turns=5)
    print(f"texts of a probe: {took_ms:.1f} us")
    print(f"a mask of one more secret: {median_ms(lambda: redactor.learn('typed-password')):.2f} ms")


if __name__ == "__main__":
    main()
