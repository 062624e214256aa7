"""How long a demo waits for something: as long as its checks go on, however slow the machine is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage

    from demo.postbox import Postbox

ENOUGH_RUNS: Final = 120
"""Of three checks: a change is told of after a dozen runs of one, its end after as many."""
IDLE_S: Final = 300.0
_LOOK_S: Final = 1.0


class Patience:
    """Lasts until enough was measured, or nothing was for five minutes.

    Args:
        measured: Tells how many runs were measured so far.
        enough: How many runs are enough.
        clock: In seconds, monotonic.
    """

    def __init__(
        self, measured: Callable[[], int], enough: int = ENOUGH_RUNS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._measured, self._enough, self._clock = measured, enough, clock
        self._first = self._latest = measured()
        self._latest_s = clock()

    @property
    def runs(self) -> int:
        """How many runs were measured meanwhile."""
        return self._latest - self._first

    def lasts(self) -> bool:
        """Look at the runs, and tell whether it lasts."""
        measured, now_s = self._measured(), self._clock()
        if measured > self._latest:
            self._latest, self._latest_s = measured, now_s
        return self.runs < self._enough and now_s - self._latest_s < IDLE_S


def mail_about(
    postbox: Postbox, words: tuple[str, str], patience: Patience, show: Callable[[EmailMessage], None]
) -> EmailMessage | None:
    """Return the next mail about something; None once patience ends. Each mail that comes is shown.

    Args:
        words: One of its subject, and one of its text, which may be empty.
    """
    subject, text = words
    while patience.lasts():
        if (mail := postbox.wait("", _LOOK_S)) is None:
            continue
        show(mail)
        body = mail.get_body(("plain",))
        if subject in str(mail["Subject"]) and text in (body.get_content() if body else ""):
            return mail
    return None
