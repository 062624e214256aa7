"""Runs that would slow each other take turns, over all processes of this user on this host."""

from __future__ import annotations

import fcntl
import threading
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOOK_AGAIN_S = 0.05


class Turns:
    """At most `count` at a time among all that share a folder.

    A turn is a lock on an open file, so that it ends with its process, however that ends.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self._folder = folder
        self._files = [folder / f"turn-{number}" for number in range(count)]

    @contextmanager
    def taken(self, given_up: threading.Event | None = None) -> Iterator[bool]:
        """Wait for a turn, and hold it.

        Args:
            given_up: Once this is set, waiting ends: without a turn, false is yielded.
        """
        given_up = given_up or threading.Event()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # whoever tidies /tmp may have removed it
        with ExitStack() as stack:
            files = [stack.enter_context(path.open("a")) for path in self._files]
            is_taken = any(_lock(file) for file in files)
            while not is_taken and not given_up.wait(_LOOK_AGAIN_S):
                is_taken = any(_lock(file) for file in files)
            yield is_taken


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
