"""One run, from the moment it is due to the moment it is stored."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Protocol

from outrider.runs.attempt_sequence import attempt_sequence, finished_run, launched
from outrider.runs.redacted_run import UNDECLARED, redacted_run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from outrider.model import Attempt, Check, Circumstances, Kind, Measure, Run, RunId
    from outrider.runs.attempt_sequence import Launch, Listener
    from outrider.workspace import Redactor


class Recorder(Protocol):
    """Where runs are kept; `record` is idempotent by run id and atomic."""

    def record(self, run: Run) -> None:
        """Keep a finished run."""
        ...


class Runner:
    """Executes and records runs of any kind of check, one at a time; each passes the redactor before anybody has it."""

    def __init__(
        self,
        measures: Mapping[Kind, Measure],
        recorder: Recorder,
        scratch: Path,
        circumstances: Circumstances,
        listener: Listener | None = None,
        *,
        redactor: Redactor = UNDECLARED,
    ) -> None:
        self._measures = measures
        self._recorder = recorder
        self._scratch = scratch
        self._circumstances = circumstances
        self._listener = listener
        self._redactor = redactor

    def run(self, check: Check, *, location: str = "local", due_us: int | None = None, run: RunId | None = None) -> Run:
        """Execute one run and record it; its files are gone from the scratch folder when this returns.

        Args:
            check: What to run.
            location: Where this prober stands.
            due_us: When the run was due, microseconds UTC; now if absent.
            run: Its id, if it was made before.
        """
        launch = launched(check, location=location, due_us=due_us, run=run)
        folder = self._scratch / launch.run
        try:
            attempts = self._attempts(launch)
            finished = redacted_run(finished_run(launch, attempts, self._circumstances), self._redactor)
            self._recorder.record(finished)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return finished

    def _attempts(self, launch: Launch) -> tuple[Attempt, ...]:
        sequence = attempt_sequence(launch, self._scratch, self._listener)
        order = next(sequence)
        while True:
            order.scratch.mkdir(parents=True)
            try:
                order = sequence.send(self._measures[launch.check.kind].measure(order))
            except StopIteration as over:
                attempts: tuple[Attempt, ...] = over.value
                return attempts
