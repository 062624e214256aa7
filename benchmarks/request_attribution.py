"""How well a delay of a third party is found in HARs alone: `python -m benchmarks.request_attribution [TRIALS]`, 1,000.

A step opens a page: its document, then beside each other a script of the shop, fonts of a third party, and two calls of
the shop, one after another; then the browser works. Every phase varies by 10 % (CV), and so does a delay of the third
party's first byte in the runs after. From 20 runs on each side: how often the true delay lies within its 80 % interval,
how often the third party is named first, and another part beside it; by how much the parts miss the whole (wanted: 2 %
at most). At no delay: how often any part is named (wanted: 5 % at most).
"""

from __future__ import annotations

import random
import sys

from benchmarks.attribution import missed_share, varied

from outrider.causes import TimeAttribution, WireRequest
from outrider.causes.network_parts import network_parts
from outrider.causes.time_attribution import attribute_parts
from outrider.causes.trace_parts import Places, StepParts

RUNS = 20
DELAYS_MS = (0.0, 10.0, 50.0, 300.0)
SLOW = "answer of fonts.example"


def request(chance: random.Random, url: str, at_ms: float, wait_ms: float, kind: str = "fetch") -> WireRequest:
    """Return a request whose phases vary."""
    usual = {"dns": 3.0, "connect": 25.0, "ssl": 15.0, "wait": wait_ms, "receive": 8.0}
    phases = tuple((name, varied(chance, ms)) for name, ms in usual.items())
    return WireRequest("GET", url, 200, at_ms, 0.0, 1_000, phases, began_ms=at_ms, resource_type=kind)


def end_of(own: WireRequest) -> float:
    """Return when a request ends."""
    return own.began_ms + sum(ms for name, ms in own.phases if name != "ssl")


def run_of(chance: random.Random, places: Places, delay_ms: float) -> StepParts | str:
    """Return what one run waited for."""
    opened = request(chance, "https://shop.example/", 2.0, 80.0, "document")
    now_ms = end_of(opened)
    first = request(chance, "https://shop.example/api/session", now_ms, 30.0)
    calls = [first, request(chance, "https://shop.example/api/products", end_of(first), 40.0)]
    fonts = request(chance, "https://fonts.example/a.woff2", now_ms, 150.0 + varied(chance, delay_ms))
    requests = [opened, request(chance, "https://shop.example/app.js", now_ms, 20.0, "script"), fonts, *calls]
    duration_ms = max(map(end_of, requests)) + varied(chance, 60.0)
    return network_parts(places, requests, 0.0, duration_ms)


def attributed(seed: int, delay_ms: float) -> TimeAttribution:
    """Return what is found of one delay."""
    chance, places = random.Random(seed), Places()
    before, after = ([run_of(chance, places, own_ms) for _ in range(RUNS)] for own_ms in (0.0, delay_ms))
    answer = attribute_parts(places, before, after)
    if isinstance(answer, str):
        raise TypeError(answer)
    return answer


def report(delay_ms: float, answers: list[TimeAttribution]) -> str:
    """Return what came of a delay."""
    missed = max(map(missed_share, answers))
    named = [[part for part in answer.parts if part.place.operation == SLOW] for answer in answers]
    first = sum(bool(answer.parts) and answer.parts[0].place.operation == SLOW for answer in answers)
    others = sum(len(answer.parts) > len(own) for answer, own in zip(answers, named, strict=True))
    inside = sum(own[0].extra.low_ms <= delay_ms <= own[0].extra.high_ms for own in named if own)
    count = sum(map(bool, named))
    widths = sorted(own[0].extra.high_ms - own[0].extra.low_ms for own in named if own)
    width = f", which is {widths[len(widths) // 2]:.1f} ms wide" if widths else ""
    shares = (
        f"named in {count / len(answers):.1%}, first in {first / len(answers):.1%};"
        f" then inside its interval in {inside / max(count, 1):.1%}{width}"
    )
    return (
        f"{delay_ms:.0f} ms: {shares if delay_ms else 'no delay'}, another part is named in"
        f" {others / len(answers):.1%}; parts miss the whole by {missed:.2%} at most"
    )


def main(trials: int = 1_000) -> None:
    """Print a line a delay."""
    for number, delay_ms in enumerate(DELAYS_MS):
        print(report(delay_ms, [attributed(31_000_000 * (number + 1) + trial, delay_ms) for trial in range(trials)]))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
