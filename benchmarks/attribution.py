"""How well a delay of known size is found in the spans of a step: `python -m benchmarks.attribution [TRIALS]`, 2,000.

A step calls a front, which asks a catalogue and a payment service in turn; the catalogue sends four queries, one of
them twice. Every span's own time varies by 10 % (CV), and so does a delay that one query has in the runs after. From
20 runs on each side: how often the true delay lies within its 80 % interval (wanted: 75 to 88 %), how wide that is, how
often the query is named first, how often another part is named beside it, and by how much the parts miss the whole
(wanted: 2 % at most). At no delay: how often any part is named.
"""

from __future__ import annotations

import math
import random
import statistics
import sys
from dataclasses import dataclass

from outrider.causes import TimeAttribution, TracedStep, attribute_time
from outrider.model import Span

RUNS = 20
CV = 0.1
DELAYS_MS = (0.0, 10.0, 50.0, 300.0)
SLOW = "SELECT products"
MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the system under test: its own time, and what it calls, one after another."""

    service: str
    name: str
    own_ms: float
    calls: tuple[Operation, ...] = ()


SHOP = Operation("front", "GET /products", 12.0, (
    Operation("front", "catalogue", 2.0, (
        Operation("catalogue", "GET /list", 8.0, (
            Operation("catalogue", "SELECT session", 3.0), Operation("catalogue", SLOW, 40.0),
            Operation("catalogue", "SELECT prices", 15.0), Operation("catalogue", "SELECT prices", 15.0),
            Operation("catalogue", "SELECT stock", 25.0),
        )),
    )),
    Operation("front", "payment", 2.0, (Operation("payment", "GET /ways", 30.0),)),
))  # fmt: skip


def varied(chance: random.Random, mean_ms: float) -> float:
    """Return a log-normal value of this mean and the CV of the benchmark."""
    sigma = math.sqrt(math.log1p(CV**2))
    return mean_ms * chance.lognormvariate(-(sigma**2) / 2, sigma) if mean_ms else 0.0


class Recorder:
    """Plays one run and keeps its spans."""

    def __init__(self, chance: random.Random, delay_ms: float) -> None:
        self._chance = chance
        self._delay_ms = delay_ms
        self.spans: list[Span] = []

    def play(self, operation: Operation, start_ms: float, parent: str = "") -> float:
        """Record an operation and what it calls; return when it ends."""
        span = f"{len(self.spans):016x}"
        place = len(self.spans)
        self.spans.append(_span(operation, span, parent))
        own_ms = varied(self._chance, operation.own_ms)
        now_ms = start_ms + own_ms / 2
        for call in operation.calls:
            now_ms = self.play(call, now_ms, span)
        delay_ms = varied(self._chance, self._delay_ms) if operation.name == SLOW else 0.0
        end_ms = now_ms + own_ms / 2 + delay_ms
        start_ns = round(start_ms * MS)
        self.spans[place] = self.spans[place]._replace(time_ns=start_ns, duration_ns=round(end_ms * MS) - start_ns)
        return end_ms


def _span(operation: Operation, span: str, parent: str) -> Span:
    return Span(0, "1f" * 16, span, parent, "", operation.name, "Internal", operation.service, {}, "", "", {}, 0)


def run_of(chance: random.Random, delay_ms: float) -> TracedStep:
    """Return a run whose browser takes 60 ms beside."""
    recorder = Recorder(chance, delay_ms)
    end_ms = recorder.play(SHOP, 0.0)
    return TracedStep(end_ms + varied(chance, 60.0), (recorder.spans,))


def attributed(seed: int, delay_ms: float) -> TimeAttribution:
    """Return what is found of one delay."""
    chance = random.Random(seed)
    before = [run_of(chance, 0.0) for _ in range(RUNS)]
    answer = attribute_time(before, [run_of(chance, delay_ms) for _ in range(RUNS)])
    if isinstance(answer, str):
        raise TypeError(answer)
    return answer


def missed_share(answer: TimeAttribution) -> float:
    """Return by which share of the whole its parts miss it."""
    shares = [part.extra for part in answer.parts] + [answer.rest, answer.between, answer.outside]
    return abs(sum(share.ms for share in shares) - answer.extra.ms) / abs(answer.extra.ms)


def report(delay_ms: float, answers: list[TimeAttribution]) -> str:
    """Return what came of a delay."""
    missed = max(map(missed_share, answers))
    of_query = [[part for part in answer.parts if part.place.operation == SLOW] for answer in answers]
    others = sum(len(answer.parts) > len(own) for answer, own in zip(answers, of_query, strict=True)) / len(answers)
    if not delay_ms:
        named = sum(bool(answer.parts) for answer in answers) / len(answers)
        return f"no delay: a part is named in {named:.1%}; parts miss the whole by {missed:.2%} at most"
    parts = [own[0] for own in of_query if own]
    inside = sum(part.extra.low_ms <= delay_ms <= part.extra.high_ms for part in parts) / len(answers)
    width = statistics.median(part.extra.high_ms - part.extra.low_ms for part in parts)
    first = sum(bool(answer.parts) and answer.parts[0].place.operation == SLOW for answer in answers) / len(answers)
    return (
        f"{delay_ms:.0f} ms: inside its interval in {inside:.1%}, {width:.1f} ms wide; named first in {first:.1%},"
        f" another part beside it in {others:.1%}; parts miss the whole by {missed:.2%} at most"
    )


def main() -> None:
    """Print a line a delay."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    for number, delay_ms in enumerate(DELAYS_MS):
        print(report(delay_ms, [attributed(21_000_000 * (number + 1) + trial, delay_ms) for trial in range(trials)]))


if __name__ == "__main__":
    main()
