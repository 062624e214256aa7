"""How long it takes to explain a slower step: `python -m benchmarks.explanation [SPANS] [OTHERS]`, 100 and 1,000,000.

A step ran a hundred times, once a minute, and took longer in the last half hour. Each run's trace has SPANS spans, and
lies among OTHERS of other traces of three days in the real engine. Counted is what the first look takes after the
engine was started anew, and the median of ten more.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
import uuid
from contextlib import closing
from pathlib import Path

from outrider.causes import SlowerStep, explain_slower_step
from outrider.model import (
    Attempt,
    AttemptTrace,
    CheckId,
    Circumstances,
    Measurement,
    Outcome,
    Run,
    Span,
    Step,
    StepKind,
    new_run_id,
)
from outrider.store import Store
from outrider.telemetry_store import EngineOptions, TelemetryStore

MINUTE_US = 60_000_000
RUNS, SLOWER = 100, 30
BATCH = 20_000
DAYS_NS = 3 * 86_400 * 10**9


def span(trace: str, number: int, start_ns: int, took_ms: float) -> Span:
    """Return a span of a trace, below the first one."""
    parent = f"{1:016x}" if number else ""
    service = f"service-{number % 20:02}"
    attributes = {"http.request.method": "GET", "url.path": f"/items/{number}", "http.response.status_code": "200"}
    return Span(
        start_ns, trace, f"{number + 1:016x}", parent, "", f"GET /items/{number % 50}", "Server", service,
        {"service.name": service}, "app", "1", attributes, round(took_ms * 1e6),
    )  # fmt: skip


def play(now_us: int, number: int, spans: int, chance: random.Random) -> tuple[Run, list[Span]]:
    """Return a run so many minutes ago and its trace: one span after another below the root."""
    at_us, trace = now_us - number * MINUTE_US, uuid.uuid4().hex
    times = [chance.gauss(3.0, 0.3) + (20.0 if number <= SLOWER and place == 7 else 0.0) for place in range(1, spans)]
    step = Step("list", "list", StepKind.NAMED, 0.0, sum(times) + 20.0)
    measured = Measurement(
        Outcome.PASSED, "", at_us, sum(times) + 30.0, steps=(step,), traces=(AttemptTrace(trace, "list"),)
    )
    start_ns, made = at_us * 1000, [span(trace, 0, at_us * 1000, sum(times) + 5.0)]
    for place, took_ms in enumerate(times, 1):
        made.append(span(trace, place, start_ns, took_ms))
        start_ns += round(took_ms * 1e6)
    return Run(
        new_run_id(at_us), CheckId("journey:shop"), "production", "local", at_us, at_us, at_us + 1_000_000,
        Outcome.PASSED, "", (Attempt(1, True, False, measured),), Circumstances(),
    ), made  # fmt: skip


def others(count: int, now_us: int) -> list[Span]:
    """Return spans of other traces, ten each, over three days."""
    step_ns = DAYS_NS // max(count, 1)
    begin_ns = now_us * 1000 - DAYS_NS
    ids = [uuid.uuid4().hex for _ in range(count // 10 + 1)]
    return [span(ids[number // 10], number % 10, begin_ns + number * step_ns, 20.0) for number in range(count)]


def fill(folder: Path, spans: int, count: int, now_us: int) -> Run:
    """Store the runs and all traces; return the last run."""
    chance = random.Random(1)
    played = [play(now_us, number, spans, chance) for number in range(1, RUNS + 1)]
    rows = [own for _, made in played for own in made] + others(count, now_us)
    with (
        TelemetryStore.open_embedded(EngineOptions(folder / "engine", nice=0)) as telemetry,
        closing(Store.open(folder / "outrider.db", artifacts=folder / "artifacts")) as store,
    ):
        for start in range(0, len(rows), BATCH):
            telemetry.insert_spans(rows[start : start + BATCH], token=str(start))
        store.runs.record_many([run for run, _ in played])
    return played[0][0]


def main(spans: int = 100, count: int = 1_000_000, looks: int = 10) -> None:
    """Print how long a look takes."""
    now_us = time.time_ns() // 1000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        last = fill(folder, spans, count, now_us)
        slower = SlowerStep(last.id, "list", now_us - SLOWER * MINUTE_US, now_us)
        with (
            TelemetryStore.open_embedded(EngineOptions(folder / "engine", nice=0)) as telemetry,
            closing(Store.open(folder / "outrider.db", artifacts=folder / "artifacts")) as store,
        ):
            times_s = []
            for _ in range(looks + 1):
                began_s = time.perf_counter()
                answer = explain_slower_step(store, telemetry, slower)
                times_s.append(time.perf_counter() - began_s)
            assert not isinstance(answer, str), answer
    first, *more = times_s
    print(f"{spans} spans a run among {count:,} others: the first look took {first:.2f} s,", end=" ")
    print(f"the median of {looks} more {statistics.median(more):.2f} s; it names {len(answer.parts)} parts")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
