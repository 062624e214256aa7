"""The priority of threads that may take their time."""

from __future__ import annotations

import os
import sys
import threading
from typing import Final

_IDLE_NICE: Final = 19


def yield_to_measurements() -> None:
    """Give this thread the lowest priority, where threads have one of their own."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _IDLE_NICE)
