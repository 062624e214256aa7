"""Waiting for what another thread or process does."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 180.0
_PAUSE_S = 0.02


def until(holds: Callable[[], bool], context: object = None) -> None:
    """Wait until something holds; fail, with what may explain it, if it does not within three minutes."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, context
        threading.Event().wait(_PAUSE_S)
