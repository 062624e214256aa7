"""Signals that end or reload a long-lived command, heard in a thread of their own."""

from __future__ import annotations

import signal
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def call_on_signals(calls: Mapping[signal.Signals, Callable[[], object]]) -> None:
    """Have functions called when signals come, from now until the process ends; for its main thread.

    Python runs a handler in the main thread, between any two of its instructions. There it would wait for ever for a
    lock that the thread itself holds, as `Event.set` does within `Event.wait`. So the handlers do nothing, and the
    functions are called by a thread that reads the numbers of signals from Python's wake-up descriptor.
    """
    receiver, sender = socket.socketpair()
    sender.setblocking(False)
    for number in calls:
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(sender.detach(), warn_on_full_buffer=False)
    threading.Thread(target=_follow, args=[receiver, calls], name="signals", daemon=True).start()


def _follow(receiver: socket.socket, calls: Mapping[signal.Signals, Callable[[], object]]) -> None:
    with receiver:
        while number := receiver.recv(1):
            if call := calls.get(signal.Signals(number[0])):
                call()
