"""Progress on stderr: a spinner at a terminal; in a log a line a run, and one now and then in between."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Self

from outrider.app import Condition, display_name
from outrider.cli.echo import echo
from outrider.cli.fitted_table import FittedTable, name_column, shortened
from outrider.cli.run_tables import console, outcome_text, turn_text
from outrider.model import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from rich.status import Status
    from rich.text import Text

    from outrider.app import Judgement, Look, Plan
    from outrider.model import Check, HostTurn, OutriderError, Run


_SILENT_S = 2.0
"""What takes no longer needs no progress."""
_LOGGED_S = 10.0
"""Between two lines of progress in a log."""
_QUIET_S = 30.0
"""For how long a log may say nothing while work goes on."""
_SPINNER = 2
"""Columns before what is shown in place."""


class Progress:
    """Follows runs and gates, and prints to stderr; a context, which removes the spinner at its end.

    In a log it says what is being done after two seconds, and again where nothing was printed for half a minute.

    Args:
        clock: Returns monotonic seconds.
        silent_s: After how long a log says what is being done.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, silent_s: float = _SILENT_S) -> None:
        self._clock = clock
        self._silent_s = silent_s
        self._began_s = clock()
        self._next_s = self._began_s + silent_s
        self._console = console(stderr=True)
        self._doing = ""
        self._has_printed = False
        self._ended = threading.Event()
        self._status: Status | None = None
        self._done = 0
        self._total = 0
        self._waits: tuple[object, ...] = ()
        self._counted = ""

    def __enter__(self) -> Self:
        if not self._console.is_terminal:
            threading.Thread(target=self._keep_log, name="progress", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self.stop()

    def progress(self, text: str) -> None:
        """Show what is being done now; in a log, if that takes long. Nothing is being done if it is empty."""
        self._doing = text
        if not self._console.is_terminal:
            return
        text = shortened(text, self._console.width - _SPINNER)
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
        """Remove the spinner: nothing is being done now."""
        self._doing = ""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def problem(self, error: OutriderError) -> None:
        """Print a problem that did not end the work."""
        self._has_printed = True
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
        took_ms = sum(attempt.measurement.duration_ms for attempt in run.attempts)  # as tables tell it: no set-up
        attempts = f" for {len(run.attempts)} attempts" if len(run.attempts) > 1 else ""
        cells = (f"{place:>7}", outcome_text(run.outcome), display_name(run.check), f"{took_ms:.0f} ms{attempts}")
        if self._console.is_terminal:
            row = FittedTable("", "", name_column(""), "")
            row.add_row(*cells)
            self._print(row)
        else:
            self._print(*cells)

    def judged(self, run: Run, judgement: Judgement) -> None:
        """Print what deviates."""
        condition = judgement.signal.condition
        if condition in {Condition.DEGRADED, Condition.IMPROVED}:
            subject = judgement.step or "failures"
            release = f" (last release: {judgement.release})" if judgement.release else ""
            self.note(f"{condition:>15} {display_name(run.check)} {subject}: {judgement.signal.reason}{release}")

    def looked(self, look: Look) -> None:
        """Print how many checks of a gate need no more sessions, whatever their verdict."""
        self.note(f"after {counted(look.sessions, 'session')}: {look.known} of {counted(look.checks, 'check')} done")

    def ignores(self, variables: Sequence[str]) -> None:
        """Print which variables of the shell no run sees."""
        if variables:
            self.note(f"{', '.join(variables)} of the shell do not reach runs; [env] sets what they need")

    def note(self, text: str) -> None:
        """Print a line, or more at a terminal that is too narrow."""
        self._print(text)

    def _print(self, *what: str | Text | FittedTable) -> None:
        self._has_printed = True
        self._console.print(*what, markup=False, highlight=False)

    def _keep_log(self) -> None:
        """Print what is being done where nothing else was printed."""
        wait_s = self._silent_s
        while not self._ended.wait(wait_s):
            if self._doing and not self._has_printed:
                self.note(f"{self._doing}, {self._clock() - self._began_s:.0f} s so far")
            self._has_printed = False
            wait_s = _QUIET_S

    @property
    def _place(self) -> str:
        return f"{self._done + 1}/{self._total}" if self._total else ""
