"""The calls of a job that a heartbeat waits for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.model.subject import CheckId


class CallKind(StrEnum):
    """What a call says: START: the job begins. END: it has ended. LOG: a note, which changes nothing."""

    START = "start"
    END = "end"
    LOG = "log"


@dataclass(frozen=True, slots=True)
class Beat:
    """A call of a job; an exit code other than zero says that the job itself failed.

    Attributes:
        at_us: When it came, microseconds UTC.
        note: The beginning of its body.
        kind: What it says.
        run: What the calls of one run of the job have in common; empty if they name nothing.
        duration_us: Of an end whose start is known: the time between the two.
    """

    at_us: int
    exit_code: int = 0
    note: str = ""
    kind: CallKind = CallKind.END
    run: str = ""
    duration_us: int | None = None


@dataclass(frozen=True, slots=True)
class Beats:
    """What is known of the calls for a check.

    Attributes:
        since_us: Since when the check is known, microseconds UTC; None if it is not.
        last: The last end; None if there is none.
        started: The last start that no end belongs to.
        unseen: Ends that no stored run of the check has seen yet, the oldest first.
        listening: When calls were answered: from and until, microseconds UTC, in order and apart.
    """

    since_us: int | None
    last: Beat | None
    started: Beat | None = None
    unseen: tuple[Beat, ...] = ()
    listening: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class HeartbeatKeys:
    """The heartbeats by what their URLs hold: a token, or a ping key and a name with a slash between them.

    Attributes:
        is_complete: Whether all are known; if not, an unknown key may be one that cannot be read now.
    """

    by_key: Mapping[str, CheckId]
    is_complete: bool = True
