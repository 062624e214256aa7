"""What processes do in the tests of their supervisor: the module of an order, without a service."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from outrider.app.processes.child_process import ChildOrder, ChildProcess

if TYPE_CHECKING:
    from collections.abc import Callable


def answering(child: ChildProcess, stopping: threading.Event) -> None:
    """Answer with the number of the process."""
    child.answer(lambda word: (word, os.getpid()))
    child.ready(port=os.getpid())
    stopping.wait()


def asking(child: ChildProcess, stopping: threading.Event) -> None:
    """Be ready as soon as the other answers; keep which number it had."""
    answer = child.link("first").ask("hello", within_s=60.0)
    assert isinstance(answer, tuple)
    word, pid = answer
    assert word == "hello"
    child.ready(answered=pid)
    Path(sys.argv[1], f"{os.getpid()}").write_text(f"{pid} {child.kept.get('answered', 0)}")
    stopping.wait()


def refusing(_: ChildProcess, __: threading.Event) -> None:
    """Refuse to work, as where the workspace is wrong."""
    sys.exit(2)


def dying(child: ChildProcess, _: threading.Event) -> None:
    """Die at once, after others could count on it."""
    child.ready()
    os._exit(9)


WORKS: dict[str, Callable[[ChildProcess, threading.Event], None]] = {
    "answering": answering,
    "asking": asking,
    "refusing": refusing,
    "dying": dying,
}

if __name__ == "__main__":
    import signal

    order = ChildOrder.from_argument(sys.argv[2])
    process = ChildProcess(order)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    WORKS[order.module](process, ended)
