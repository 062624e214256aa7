"""Runs that would slow each other take turns, over all processes of this user on this host, in order of arrival.

Who wants a turn writes a numbered ticket into a shared folder and holds a lock on it, which ends with its process,
however that ends. A ticket whose lock is free is stale and is removed. The tickets with the lowest numbers have their
turn; numbers are given under a lock of the folder, so that nobody overtakes.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from typing import IO, TYPE_CHECKING

from outrider.model import Claim, HostTurn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_LOOK_AGAIN_S = 0.05
_GRACE_S = 60.0
"""How long a turn may last beyond its own limit before those behind it no longer wait for it."""
UNNAMED = Claim()
_ORDER = "order"
_SUFFIX = ".ticket"


@dataclass(frozen=True, slots=True)
class _Ticket:
    """A turn as it lies in the folder; `until_s` is on the monotonic clock, which all processes of a host share."""

    number: int
    turn: HostTurn
    until_s: float | None = None


class Turns:
    """At most `count` at a time among all that share a folder.

    Waiting is bounded: nobody overtakes, and a turn that lasts a minute longer than its own limit, such as that of a
    process that somebody stopped, is waited for no longer.

    Args:
        workspace: The folder that claims made here belong to.
        clock: Seconds on a monotonic clock that all processes of this host share.
    """

    def __init__(
        self, folder: Path, count: int, workspace: str = "", *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder = folder
        self._workspace = workspace
        self._count = count
        self._clock = clock

    @contextmanager
    def taken(
        self,
        claim: Claim = UNNAMED,
        given_up: threading.Event | None = None,
        on_wait: Callable[[Sequence[HostTurn]], None] = lambda _: None,
    ) -> Iterator[bool]:
        """Wait for a turn, and hold it.

        Args:
            claim: What wants it; those who wait are told.
            given_up: Once this is set, waiting ends: without a turn, false is yielded.
            on_wait: Takes whom it waits for, in order of arrival, whenever that changes; not called without a wait.
        """
        given_up = given_up or threading.Event()
        with ExitStack() as stack:
            ticket, file = self._claim(claim, stack)
            known: list[HostTurn] = []
            is_taken = self._begins(ticket, file, on_wait, known)
            while not is_taken and not given_up.wait(_LOOK_AGAIN_S):
                is_taken = self._begins(ticket, file, on_wait, known)
            yield is_taken

    def queue(self) -> tuple[HostTurn, ...]:
        """Return the turns under way and those that wait, in order of arrival."""
        if not self._folder.exists():
            return ()
        with self._ordered():
            return tuple(ticket.turn for ticket in self._tickets())

    def _claim(self, claim: Claim, stack: ExitStack) -> tuple[_Ticket, IO[str]]:
        """Draw a number, and hold the ticket until the stack is closed."""
        with self._ordered():
            number = 1 + max((ticket.number for ticket in self._tickets()), default=0)
            ticket = _Ticket(number, HostTurn(claim, self._workspace, os.getpid(), time.time_ns() // 1000))
            path = self._path(number)
            file = stack.enter_context(path.open("w+"))
            stack.callback(path.unlink, missing_ok=True)
            fcntl.flock(file, fcntl.LOCK_EX)
            _write(ticket, file)
        return ticket, file

    def _begins(
        self, ticket: _Ticket, file: IO[str], on_wait: Callable[[Sequence[HostTurn]], None], known: list[HostTurn]
    ) -> bool:
        """Begin the ticket's turn if it has come; otherwise tell whom it waits for, if those are others than known."""
        with self._ordered():
            ahead = [other.turn for other in self._tickets(before=ticket.number) if not self._is_overdue(other)]
            if len(ahead) < self._count:
                limit_s = ticket.turn.claim.limit_s
                until_s = None if limit_s is None else self._clock() + limit_s + _GRACE_S
                _write(_Ticket(ticket.number, replace(ticket.turn, began_us=time.time_ns() // 1000), until_s), file)
                return True
        if ahead != known:
            known[:] = ahead
            on_wait(tuple(ahead))
        return False

    def _is_overdue(self, ticket: _Ticket) -> bool:
        return ticket.until_s is not None and self._clock() > ticket.until_s

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:012}{_SUFFIX}"

    @contextmanager
    def _ordered(self) -> Iterator[None]:
        """Hold the folder's lock, for a moment; whoever tidies /tmp may have removed the folder."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / _ORDER).open("a") as order:
            fcntl.flock(order, fcntl.LOCK_EX)
            yield

    def _tickets(self, before: int | None = None) -> list[_Ticket]:
        """Return the tickets of running processes, in order; stale ones are removed. The folder's lock is held."""
        tickets = []
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            if before is not None and path >= self._path(before):
                break
            with suppress(FileNotFoundError), path.open() as file:
                if _is_free(file):
                    path.unlink()
                else:
                    tickets.append(_read(file, int(path.stem)))
        return tickets


def _is_free(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write(ticket: _Ticket, file: IO[str]) -> None:
    """Write what a ticket says; on a full disk it says nothing, and holds its place all the same."""
    with suppress(OSError):
        file.seek(0)
        file.truncate()
        json.dump({"turn": asdict(ticket.turn), "until_s": ticket.until_s}, file)
        file.flush()


def _read(file: IO[str], number: int) -> _Ticket:
    try:
        fields = json.load(file)
    except ValueError:
        return _Ticket(number, HostTurn(Claim(), "", 0, 0))
    turn = fields["turn"]
    return _Ticket(number, HostTurn(**{**turn, "claim": Claim(**turn["claim"])}), fields["until_s"])
