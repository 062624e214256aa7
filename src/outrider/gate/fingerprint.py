"""The machine and browser that measured: durations of one are not comparable with those of another."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Everything about a prober that changes durations.

    Attributes:
        browser: Name and major version.
        cores: Processors that this process may use.
        location: Where the prober stands, in the workspace's words.
    """

    system: str
    machine: str
    processor: str
    cores: int
    browser: str
    location: str

    def differences(self, other: Fingerprint) -> list[str]:
        """Return what is not the same, in words."""
        own, others = asdict(self), asdict(other)
        return [f"{name}: {own[name]}, was {others[name]}" for name in own if own[name] != others[name]]


def fingerprint_here(browser: str, location: str = "local") -> Fingerprint:
    """Return the fingerprint of this machine with a browser, given as `Circumstances.browser` is."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Fingerprint(platform.system(), platform.machine(), _processor(), cores, browser.partition(".")[0], location)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor())
