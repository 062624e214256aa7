"""A program of the user's: the message as JSON on its standard input."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from outrider.alerts.notification_kind import NotificationKind
from outrider.alerts.rendered_message import LIMIT_S, Undelivered, cut

if TYPE_CHECKING:
    from outrider.alerts.receivers.options import Options
    from outrider.alerts.rendered_message import RenderedMessage

_TRY_AGAIN = os.EX_TEMPFAIL


@dataclass(frozen=True, slots=True)
class Command:
    """A program; exit code 0 accepts the message, 75 (sysexits) asks for another try."""

    arguments: tuple[str, ...]
    kinds: frozenset[NotificationKind] = frozenset(NotificationKind)

    def deliver(self, rendered: RenderedMessage) -> None:
        """Run it."""
        fields = asdict(rendered.message)
        body = json.dumps({"id": rendered.id, "text": rendered.body, **fields, "subject": rendered.subject})
        try:
            done = subprocess.run(
                self.arguments, input=body, text=True, capture_output=True, timeout=LIMIT_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise Undelivered(f"{self.arguments[0]} took longer than {LIMIT_S:g} s", recoverable=True) from None
        except OSError as error:
            raise Undelivered(f"{self.arguments[0]}: {error.strerror}", recoverable=False) from None
        if done.returncode:
            stderr_lines = done.stderr.strip().splitlines()[-1:] or ["no message"]
            why = f"{self.arguments[0]} ended with {done.returncode}: {cut(stderr_lines[0], 200)}"
            raise Undelivered(why, recoverable=done.returncode == _TRY_AGAIN)


def read(options: Options) -> Command:
    """Read `run`."""
    return Command(options.texts("run", '["notify-send", "Outrider"]'))
