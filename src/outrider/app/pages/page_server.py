"""The pages of a service: bound to their address now, or as soon as it is free."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import structlog

from outrider.server import Background, PortTaken, listen

if TYPE_CHECKING:
    from outrider.scheduler import Health
    from outrider.server import Application

_BIND_AGAIN_S = 5.0
_log = structlog.get_logger("outrider.server")


class PageServer:
    """Answers over HTTP in threads of its own; an address that is taken is a problem of the service, not its end.

    Args:
        host: The address to listen at.
        port: Where; 0 picks a free one.
        application: What answers; replaced by `use`.
        health: Takes the problem of an address that is taken.
        subject: What is served, in problems and in the log.
        hint: What a problem adds.
        bind_again_s: How long to wait before an address that is taken is tried again.
    """

    def __init__(
        self,
        host: str,
        port: int,
        application: Application,
        health: Health,
        *,
        subject: str = "pages",
        hint: str = "checks run all the same, and binding is tried again",
        bind_again_s: float = _BIND_AGAIN_S,
    ) -> None:
        self._host = host
        self._port = port
        self._application = application
        self._health = health
        self._subject = subject
        self._hint = hint
        self._bind_again_s = bind_again_s
        self._bound_port = 0
        self._lock = threading.Lock()
        self._background: Background | None = None
        self._closed = threading.Event()

    def start(self) -> None:
        """Answer now, or as soon as the address is free."""
        if not self._bind():
            threading.Thread(target=self._bind_later, name=f"bind {self._subject}", daemon=True).start()

    def use(self, application: Application) -> None:
        """Replace what answers."""
        with self._lock:
            self._application = application
            if self._background is not None:
                self._background.application = application

    @property
    def is_answering(self) -> bool:
        """Whether the address is bound; may be asked for by any thread."""
        return self._background is not None

    @property
    def port(self) -> int:
        """The port that is bound, 0 while there is none; may be asked for by any thread."""
        return self._bound_port

    def close(self) -> None:
        """Stop answering."""
        self._closed.set()
        with self._lock:
            background, self._background = self._background, None
        if background is not None:
            background.close()

    def _bind_later(self) -> None:
        while not self._closed.wait(self._bind_again_s) and not self._bind():
            pass

    def _bind(self) -> bool:
        try:
            listener = listen(self._host, self._port)
        except PortTaken as error:
            self._health.wrong(self._subject, f"{error}; {self._hint}")
            return False
        self._health.well(self._subject)
        port = listener.getsockname()[1]
        with self._lock:
            if self._closed.is_set():
                listener.close()
                return True
            self._background = Background(self._application, listener)
            self._bound_port = port
        shown = f"[{self._host}]" if ":" in self._host else self._host
        _log.info(f"{self._subject}.answer", at=f"http://{shown}:{port}/", port=port)
        return True
