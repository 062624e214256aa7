"""A worker for a load whose master is on another machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.load.measure import arguments_of, config_of
from outrider.load.process import LocustProcess

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.load.measure import Surroundings
    from outrider.load.profile import Profile


def work(profile: Profile, surroundings: Surroundings, *, host: str, port: int, log: Path) -> int:
    """Make a share of a load until its master ends it; return Locust's exit code.

    Args:
        profile: The same as the master's.
        surroundings: Where Locust runs.
        host: Where the master is.
        port: That it listens at.
        log: The file that Locust's output goes to.
    """
    alone = replace(profile, users=None, spawn_rate=None, workers=0, processes=1)
    arguments = [*arguments_of(alone, surroundings.root), "--worker", "--master-host", host, "--master-port", str(port)]
    process = LocustProcess(
        arguments, config_of(profile, surroundings.settings),
        folder=surroundings.root / profile.folder, environment=surroundings.environment, log=log,
    )  # fmt: skip
    with process as locust:
        return locust.wait()
