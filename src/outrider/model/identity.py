"""Identifiers that are made before the work starts, so that doing a step twice changes nothing."""

from __future__ import annotations

import os
from typing import NewType
from uuid import UUID

RunId = NewType("RunId", str)


def new_run_id(at_us: int, entropy: bytes | None = None) -> RunId:
    """Return a UUIDv7 (RFC 9562, section 5.7), which sorts by time.

    Args:
        at_us: Time of creation, microseconds UTC.
        entropy: Ten random bytes; drawn from the system if absent.
    """
    noise = int.from_bytes(os.urandom(10) if entropy is None else entropy)
    value = (at_us // 1000) << 80 | noise
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return RunId(str(UUID(int=value)))
