"""Progress on stderr: a spinner at a terminal, a line a run in a log."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from outrider.app import Condition, display_name
from outrider.cli.echo import echo
from outrider.cli.printable_console import PrintableConsole
from outrider.cli.run_tables import outcome_text, turn_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from rich.status import Status

    from outrider.app import Judgement, Look, Plan
    from outrider.model import Check, HostTurn, OutriderError, Run


_SILENT_S = 2.0
"""What takes no longer needs no progress."""
_LOGGED_S = 10.0
"""Between two lines of progress in a log."""


class Progress:
    """Follows runs and gates, and prints to stderr; a context, which removes the spinner at its end.

    Args:
        clock: Returns monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next_s = clock() + _SILENT_S
        self._console = PrintableConsole(stderr=True)
        self._status: Status | None = None
        self._done = 0
        self._total = 0
        self._waits: tuple[object, ...] = ()
        self._counted = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def progress(self, text: str) -> None:
        """Show what is being done now."""
        if not self._console.is_terminal:
            return
        if self._status is None:
            self._status = self._console.status(text)
            self._status.start()
        self._status.update(text)

    def counted(self, done: int, total: int, what: str) -> None:
        """Show how much of long work is done, once it takes more than two seconds; in a log every ten."""
        now_s = self._clock()
        if now_s < self._next_s:
            return
        text = f"{done + 1}/{total} {what}"
        if self._console.is_terminal:
            self.progress(text)
        elif text != self._counted:
            self._next_s, self._counted = now_s + _LOGGED_S, text
            self.note(text)

    def stop(self) -> None:
        """Remove the spinner."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def problem(self, error: OutriderError) -> None:
        """Print a problem that did not end the work."""
        echo(error, err=True)

    def started(self, total: int) -> None:
        """Take how many runs there will be."""
        self._total = total

    def waiting(self, check: Check, ahead: Sequence[HostTurn]) -> None:
        """Show for whom a check waits; in a log, a line each time that the first of them changes."""
        others = f", and {len(ahead) - 1} more" if len(ahead) > 1 else ""
        text = f"{self._place:>7} {check.name} waits for {turn_text(ahead[0])}{others}"
        if self._console.is_terminal:
            self.progress(text)
            return
        waits = (check.id, ahead[0].workspace, ahead[0].pid, ahead[0].claim, ahead[0].claimed_us)
        if waits != self._waits:
            self._waits = waits
            self.note(text)

    def attempt_started(self, check: Check, plan: Plan) -> None:
        """Show which attempt runs."""
        kind = " for evidence" if plan.evidence else f", attempt {plan.number}" if plan.number > 1 else ""
        self.progress(f"{self._place} {check.name}{kind}")

    def finished(self, run: Run) -> None:
        """Print how a run ended."""
        place = self._place
        self._done += 1
        took_ms = (run.finished_us - run.started_us) / 1000
        attempts = f" for {len(run.attempts)} attempts" if len(run.attempts) > 1 else ""
        self._console.print(
            f"{place:>7}", outcome_text(run.outcome), display_name(run.check), f"{took_ms:.0f} ms{attempts}",
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip

    def judged(self, run: Run, judgement: Judgement) -> None:
        """Print what deviates."""
        condition = judgement.signal.condition
        if condition in {Condition.DEGRADED, Condition.IMPROVED}:
            subject = judgement.step or "failures"
            release = f" (last release: {judgement.release})" if judgement.release else ""
            self.note(f"{condition:>15} {display_name(run.check)} {subject}: {judgement.signal.reason}{release}")

    def looked(self, look: Look) -> None:
        """Print how many checks of a gate are decided."""
        self.note(f"after {look.sessions} sessions: {look.known} of {look.checks} checks are decided")

    def ignores(self, variables: Sequence[str]) -> None:
        """Print which variables of the shell no run sees."""
        if variables:
            self.note(f"{', '.join(variables)} of the shell do not reach runs; [env] sets what they need")

    def note(self, text: str) -> None:
        """Print a line."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    @property
    def _place(self) -> str:
        return f"{self._done + 1}/{self._total}" if self._total else ""
