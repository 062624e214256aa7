"""What a caller may follow while the application works; methods may be called from several threads, one at a time.

A protocol for each kind of work, and `SilentListener`, which follows nothing and is the default everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.gate import Look
    from outrider.model import Check, HostTurn, LoadInterval, OutriderError, Run
    from outrider.runs import Judgement, Plan, Proof


class ProgressListener(Protocol):
    """Follows work of any kind."""

    def progress(self, text: str) -> None:
        """Take what is being done now, in a few words."""
        ...

    def counted(self, done: int, total: int, what: str) -> None:
        """Take how many parts of long work are done, of how many, and which is next."""
        ...

    def problem(self, error: OutriderError) -> None:
        """Take a problem that did not end the work."""
        ...

    def waiting(self, check: Check, ahead: Sequence[HostTurn]) -> None:
        """Take that a check waits for its turn on this host, and for whom, in order of arrival."""
        ...


class RunListener(ProgressListener, Protocol):
    """Follows the execution of checks."""

    def started(self, total: int) -> None:
        """Take how many runs there will be."""
        ...

    def attempt_started(self, check: Check, plan: Plan) -> None:
        """Take that an attempt starts."""
        ...

    def finished(self, run: Run) -> None:
        """Take a run that is stored."""
        ...

    def judged(self, run: Run, judgement: Judgement) -> None:
        """Take what the judge says of a step of a stored run, or of its failures."""
        ...


class LoadListener(RunListener, Protocol):
    """Follows a load run."""

    def working_for(self, host: str, port: int) -> None:
        """Take that a share of a master's load is made here."""
        ...

    def load_started(self, check: Check) -> None:
        """Take that the load begins."""
        ...

    def second(self, so_far: Sequence[LoadInterval], left_s: float | None) -> None:
        """Take the intervals so far, the latest last, and how long the load still lasts."""
        ...

    def load_ended(self) -> None:
        """Take that the load is over, however it ended."""
        ...


class ProofListener(ProgressListener, Protocol):
    """Follows the injection of faults into the targets of journeys."""

    def proof_started(self, check: Check) -> None:
        """Take that a journey's proofs begin."""
        ...

    def proved(self, check: Check, proof: Proof) -> None:
        """Take how a journey ended under one fault, or under none."""
        ...


class GateListener(ProgressListener, Protocol):
    """Follows the sessions of a gate."""

    def looked(self, look: Look) -> None:
        """Take how many verdicts are known after another session."""
        ...


class SilentListener:
    """Follows nothing."""

    def progress(self, text: str) -> None:
        """Ignore it."""

    def counted(self, done: int, total: int, what: str) -> None:
        """Ignore it."""

    def problem(self, error: OutriderError) -> None:
        """Ignore it."""

    def started(self, total: int) -> None:
        """Ignore it."""

    def waiting(self, check: Check, ahead: Sequence[HostTurn]) -> None:
        """Ignore it."""

    def attempt_started(self, check: Check, plan: Plan) -> None:
        """Ignore it."""

    def finished(self, run: Run) -> None:
        """Ignore it."""

    def judged(self, run: Run, judgement: Judgement) -> None:
        """Ignore it."""

    def working_for(self, host: str, port: int) -> None:
        """Ignore it."""

    def load_started(self, check: Check) -> None:
        """Ignore it."""

    def second(self, so_far: Sequence[LoadInterval], left_s: float | None) -> None:
        """Ignore it."""

    def load_ended(self) -> None:
        """Ignore it."""

    def proof_started(self, check: Check) -> None:
        """Ignore it."""

    def proved(self, check: Check, proof: Proof) -> None:
        """Ignore it."""

    def looked(self, look: Look) -> None:
        """Ignore it."""


SILENT = SilentListener()
