"""A process of the service, seen from inside: what its supervisor says, and what it says to its supervisor."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from outrider.app.access.service_link import LinkClient, answer_link
from outrider.app.processes.child_table import ServiceOptions, ServiceRole
from outrider.model import ProcessView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outrider.model import OutriderError

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class ChildOrder:
    """What a process is started with, as one argument of its command line.

    Attributes:
        module: Has its work.
        parent: Process id of the supervisor.
        control: Descriptor of the socket to the supervisor.
        options: Of the service.
        asks: Descriptors of sockets to processes that this one asks, by their names.
        answers: Descriptors of sockets to processes that ask this one.
        kept: What a process of this name gave to `ready` before.
        nice: Added to its niceness.
    """

    module: str
    parent: int
    control: int
    options: ServiceOptions
    asks: Mapping[str, int] = field(default_factory=dict)
    answers: Mapping[str, int] = field(default_factory=dict)
    kept: Mapping[str, int] = field(default_factory=dict)
    nice: int = 0

    def as_argument(self) -> str:
        """Return it as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_argument(cls, text: str) -> ChildOrder:
        """Return the order that a text was made of."""
        values = json.loads(text)
        options = values["options"]
        options["role"] = ServiceRole(options["role"])
        return cls(**{**values, "options": ServiceOptions(**options)})


class ChildProcess:
    """What the work of a process is handed.

    It ends when its supervisor ends, however that ends: Linux sees to it, and elsewhere the socket that both share.

    Attributes:
        options: Of the service.
        kept: What a process of this name gave to `ready` before it ended and was started again.
        processes: Of the service, as they are now; replaced as a whole.
        report: Shows a problem to who started the service.
    """

    def __init__(self, order: ChildOrder, report: Callable[[OutriderError], None] = lambda _: None) -> None:
        _end_with(order.parent)
        if order.nice:
            os.nice(order.nice)
        self.options = order.options
        self.kept = order.kept
        self.report = report
        self.processes: tuple[ProcessView, ...] = ()
        self._asks = {name: _own_socket(descriptor) for name, descriptor in order.asks.items()}
        self._answers = [_own_socket(descriptor) for descriptor in order.answers.values()]
        self._control = _own_socket(order.control)
        self._stop: Callable[[], None] = lambda: None
        self._reload: Callable[[], None] = lambda: None
        self._is_stopping = False
        threading.Thread(target=self._listen, name="supervisor", daemon=True).start()

    def ready(self, **kept: int) -> None:
        """Say that others may count on this process from now on.

        Args:
            kept: Is handed to the process that follows when this one dies, such as the port that it listens at.
        """
        with suppress(OSError):  # without a supervisor this process is about to end
            self._control.sendall(json.dumps({"ready": kept}).encode() + b"\n")

    def on_stop(self, stop: Callable[[], None]) -> None:
        """Have a function called when the process is to end; at once, if that was said before."""
        self._stop = stop
        if self._is_stopping:
            stop()

    def on_reload(self, reload: Callable[[], None]) -> None:
        """Have a function called when the workspace is to be looked at."""
        self._reload = reload

    def link(self, name: str) -> LinkClient:
        """Return what asks another process."""
        return LinkClient(self._asks[name])

    def answer(self, answer: Callable[[str], object]) -> None:
        """Answer other processes from now on, each in a thread of its own."""
        for endpoint in self._answers:
            answer_link(endpoint, answer)

    def stop(self) -> None:
        """End soon; for a signal handler."""
        self._is_stopping = True
        self._stop()

    def reload(self) -> None:
        """Look at the workspace soon; for a signal handler."""
        self._reload()

    def _listen(self) -> None:
        """Follow what the supervisor says; when it is gone, end at once, as if killed."""
        with suppress(OSError), self._control.makefile("rb") as lines:
            for line in lines:
                with suppress(ValueError, TypeError, KeyError):
                    self.processes = tuple(ProcessView(**values) for values in json.loads(line)["processes"])
        os.kill(os.getpid(), signal.SIGKILL)


def _own_socket(descriptor: int) -> socket.socket:
    endpoint = socket.socket(fileno=descriptor)
    endpoint.set_inheritable(False)
    return endpoint


def _end_with(parent: int) -> None:
    """Have this process killed when its parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before
            os.kill(os.getpid(), signal.SIGKILL)
