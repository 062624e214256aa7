"""Clocks, randomness, sleep and memory of the shop, handed in so that tests can replace them."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psutil


def utc_now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def resident_bytes() -> int:
    """Return how much memory this process holds."""
    return int(psutil.Process().memory_info().rss)


@dataclass(frozen=True, slots=True)
class World:
    """Clocks, randomness, sleep and memory as the shop sees them."""

    now: Callable[[], datetime] = utc_now
    monotonic_s: Callable[[], float] = time.monotonic
    draw: Callable[[], float] = field(default_factory=lambda: random.Random().random)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    resident_bytes: Callable[[], int] = resident_bytes
