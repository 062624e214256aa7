"""A process of its own that records runs and prints the id of each that is stored."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from outrider.model import (
    ArtifactFile,
    ArtifactKind,
    Attempt,
    CheckId,
    Circumstances,
    Measurement,
    Outcome,
    Run,
    Sample,
    Step,
    StepKind,
    new_run_id,
)
from outrider.store import Store

SAMPLES = 20


def make_run(number: int, check: str, trace: Path) -> Run:
    """Return a run with a step, twenty samples and a file of its own."""
    now_us = time.time_ns() // 1000
    run = new_run_id(now_us)
    trace.write_bytes(run.encode() * 50)
    measurement = Measurement(
        outcome=Outcome.PASSED,
        reason="",
        started_us=now_us,
        duration_ms=12.5,
        steps=(Step("pay", "Pay", StepKind.NAMED, 0.0, 12.5),),
        samples=tuple(Sample("pay", f"metric_{metric}", float(number)) for metric in range(SAMPLES)),
        artifacts=(ArtifactFile(ArtifactKind.TRACE, "trace.zip", "application/zip", trace),),
    )
    attempts = (Attempt(1, True, False, measurement),)
    times = (now_us, now_us, now_us)
    return Run(run, CheckId(check), "production", "local", *times, Outcome.PASSED, "", attempts, Circumstances())


def main() -> None:
    """Record COUNT runs of CHECK: `program.py DATABASE ARTIFACTS CHECK COUNT`."""
    database, artifacts, check, count = sys.argv[1:]
    trace = Path(artifacts).parent / f"{check}.zip"
    with Store.open(database, artifacts=artifacts) as store:
        for number in range(int(count)):
            run = make_run(number, check, trace)
            store.runs.record(run)
            print(run.id, flush=True)


if __name__ == "__main__":
    main()
