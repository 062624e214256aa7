"""Generated answers through expectations: crashes, hangs and memory. `python -m benchmarks.answer_fuzz [--count N]`.

Expectations of every sort are read from tables as a workspace has them, and evaluated as the engine evaluates them: on
the spot where the work is bounded, in a child process else. Answers are documents that were broken at random, values of
JSON at random, bytes at random, and a few large ones. Counted: answers whose evaluation raised, or took longer than its
limit allows; memory of this process and of its children at the tenth of the way and at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from outrider.probes import read_probes
from outrider.probes.answers import Answer
from outrider.probes.assertions import judge
from outrider.probes.evaluator import Evaluator
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.probes.expectations import Expectation

LIMIT_S = 2.0
SLACK_S = 8.0
LARGE_SHARE = 0.0001
HOSTILE_SHARE = 0.0002
HOSTILE = [
    'matches = "(a|aa)+$"', 'matches = "([a-z]+)*\\\\d"', 'headers = {Server = "^(a+)+$"}',
    'schema = {patternProperties = {"^(a+)+$" = {type = "string", format = "email"}}, minProperties = 1}',
    'exists = "$..[?@..[?@.a]]"',
]  # fmt: skip
"""Expectations that some answers send to their limit: a second of the processor each time."""

EXPECTATIONS = [
    'headers = {Server = "(?i)nginx", content-type = "json|html"}',
    'contains = ["ok", "\\u00e9"]', 'absent = "error"', 'matches = ["^\\\\s*[{\\\\[]", "(?i)name"]',
    'matches = "^(?:[^\\"]|\\"[^\\"]*\\")*$"',
    'json = {"$.status" = "ok"}', 'json = {"$.count" = {">=" = 1, "<" = 100}, "$..id" = {"!=" = 0}}',
    'json = {"$.items[0].name" = "shoe", "$.items[-1]" = true}', 'exists = ["$.items[?@.price < 10]", "$..*"]',
    'exists = "$.a.b.c"', "exists = \"$.items[?match(@.name, 's.*e')]\"", 'exists = "$.items[::-2]"',
    'exists = "$[?length(@.name) > 3 && count(@.*) < 5]"', "exists = \"$..['items', 'names'][0, 1:3]\"",
    'schema = {type = "object", required = ["status"], properties = {status = {enum = ["ok", 1, true]}}}',
    'schema = {type = "array", uniqueItems = true, items = {type = "integer", multipleOf = 0.1}}',
    'schema = {"$defs" = {t = {type = "object", additionalProperties = {"$ref" = "#/$defs/t"}}}, "$ref" = "#/$defs/t"}',
]  # fmt: skip
TEXTS = [
    b"", b"ok", b"\xef\xbb\xbf{}", b"null", b"[]",
    b'{"status": "ok", "count": 3, "items": [{"id": 1, "name": "shoe", "price": 9.5}]}',
    b'[{"name": "shoes", "a": {"b": {"c": null}}}, 1, 1.0, true, "x"]', b"<html><body>ok\xc3\xa9</body></html>",
    b'{"a": "\\ud800", "b": "\\u0000", "c": 1e999, "d": -0.0, "e": 123456789012345678901234567890}', b"a" * 40 + b"!",
    b'{"items": {"names": [[[[[[[[[[]]]]]]]]]]}, "count": "3", "status": ["ok"]}', b"NaN", b'{"a": 1, "a": 2}',
    b"\xff\xfe{\x00}\x00",
]  # fmt: skip
HEADERS = [
    b"", b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nServer: nginx\r\n\r\n",
    b"HTTP/1.1 200\r\ncontent-type: text/html; Charset=\"ISO-8859-1\"\r\n\r\n", b"\xff\xfe: \x00\r\n: \r\n\r\n",
    b"HTTP/2 200\r\ncontent-type: text/plain; charset=utf-16\r\nserver: \xc3\xa9\r\n\r\n",
    b"Content-Type: ;charset=\r\n" * 20,
    b"content-type: text/x; charset=rot13\r\n\r\n", b"content-type: x; charset=unicode_escape\r\n",
]  # fmt: skip


def expectations(texts: list[str]) -> list[Expectation]:
    """Return them as they are read from a workspace."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "probes").mkdir()
        (root / "outrider.toml").touch()
        head = '[p{0}]\nkind = "http"\nurl = "http://x/"\n[p{0}.expect]\n{1}\n'
        tables = (head.format(at, text) for at, text in enumerate(texts))
        (root / "probes" / "p.toml").write_text("".join(tables))
        catalogue = read_probes(load(root), {})
    assert not catalogue.problems, catalogue.problems
    probes: list[Any] = list(catalogue.probes.values())
    return [probe.request.expect for probe in probes]


def value(numbers: random.Random, depth: int = 0) -> Any:
    """Return a value of JSON."""
    kind = numbers.randrange(4 if depth > 6 else 7)
    if kind < 4:
        plain = (
            None,
            True,
            numbers.randint(-(10**20), 10**20),
            numbers.random() * 1e300,
            "ok",
            "shoe",
            "\ud83d\ude00",
            "a" * 30,
        )
        return numbers.choice(plain)
    if kind < 5:
        return [value(numbers, depth + 1) for _ in range(numbers.randrange(5))]
    names = ("status", "count", "items", "name", "id", "price", "a", "b", "c", "", "aaaa", "é")
    return {numbers.choice(names): value(numbers, depth + 1) for _ in range(numbers.randrange(5))}


def broken(data: bytes, numbers: random.Random) -> bytes:
    """Return data with a few bytes changed, doubled or left out."""
    for _ in range(numbers.randrange(1, 5)):
        at, until = sorted((numbers.randint(0, len(data)), numbers.randint(0, len(data))))
        piece = numbers.choice((b"", numbers.randbytes(3), data[at:until] * 2, b'"', b"{[", b"\\u", b"\xc3", b"9" * 30))
        data = data[:at] + piece + data[until if numbers.random() < 0.3 else at :]
    return data[:20_000]


def large(numbers: random.Random) -> bytes:
    """Return an answer that a child process evaluates, or that nests deeper than a parser follows."""
    return numbers.choice(
        (
            b"[" * numbers.choice((500, 100_000)),
            json.dumps([numbers.random() for _ in range(20_000)]).encode(),
            b"a" * 200_000 + b"!",
            numbers.randbytes(100_000),
            json.dumps({"items": [{"name": f"s{at}e", "price": at} for at in range(5_000)]}).encode(),
        )
    )


def answers(count: int, numbers: random.Random) -> Iterator[bytes]:
    """Yield answers."""
    for _ in range(count):
        choice = numbers.random()
        if choice < LARGE_SHARE:
            yield large(numbers)
        elif choice < 0.6:
            yield broken(numbers.choice(TEXTS), numbers)
        elif choice < 0.9:
            yield json.dumps(value(numbers)).encode("utf-8", "surrogatepass")
        else:
            yield numbers.randbytes(numbers.randrange(200))


def memory_mb() -> float:
    """Return what this process and its children hold."""
    own = psutil.Process()
    return sum(process.memory_info().rss for process in (own, *own.children(recursive=True))) / 1e6


async def run(count: int, seed: int, minutes: float) -> int:
    numbers, usual, hostile = random.Random(seed), expectations(EXPECTATIONS), expectations(HOSTILE)
    evaluator = Evaluator()
    crashes: list[str] = []
    hangs = stopped = wrong = 0
    early_mb, began_s = 0.0, time.monotonic()
    for number, data in enumerate(answers(count, numbers)):
        if number == count // 10:
            early_mb = memory_mb()
        at_s = time.monotonic()
        if at_s - began_s > minutes * 60:
            count = number
            break
        try:
            answer = Answer(
                numbers.randint(100, 599), 12.5, {"total": 12.5}, raw_headers=numbers.choice(HEADERS), body=data
            )
            checks = numbers.choice(hostile if numbers.random() < HOSTILE_SHARE else usual)
            failures = await judge(answer, checks, evaluator, limit_s=LIMIT_S)
        except Exception as error:  # what is counted
            crashes.append(f"{type(error).__name__}: {error} ({data[:80]!r})")
            continue
        if (took_s := time.monotonic() - at_s) > LIMIT_S + SLACK_S:
            hangs += 1
            print(f"answer {number} took {took_s:.1f} s, {[failure.reason for failure in failures]}: {data[:80]!r}")
        stopped += any("stopped" in failure.reason for failure in failures)
        wrong += bool(failures)
    all_s, late_mb = time.monotonic() - began_s, memory_mb()
    evaluator.close()
    print(f"{count:,} answers, seed {seed}, {all_s:.0f} s: {len(crashes)} raised, {hangs} took too long,")
    print(f"{stopped:,} were stopped at a limit, {wrong:,} were not as expected;")
    print(f"memory {early_mb:.0f} MB at the tenth of the way, {late_mb:.0f} MB at the end")
    for crash in crashes[:10]:
        print(crash)
    return 1 if crashes or hangs else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop then, and say how many there were")
    options = parser.parse_args()
    sys.exit(asyncio.run(run(options.count, options.seed, options.minutes)))
