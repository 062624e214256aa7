"""A worker for a load whose master is on another machine."""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.load.load_outcome import complaint
from outrider.load.measure import arguments_of, config_of
from outrider.load.process import LocustProcess
from outrider.load.wire import read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outrider.load.measure import Surroundings
    from outrider.load.profile import Profile
    from outrider.load.wire import LoadConfig
    from outrider.model import LoadShare

_REACH_S = 20.0
_TRY_S = 5.0
_TICK_S = 0.5


def work(profile: Profile, surroundings: Surroundings, *, host: str, port: int, log: Path) -> int:
    """Make a share of a load until its master ends it; return Locust's exit code.

    Args:
        profile: The same as the master's.
        surroundings: Where Locust runs.
        host: Where the master is.
        port: That it listens at.
        log: The file that Locust's output goes to.
    """
    with _locust(profile, surroundings, config_of(profile, surroundings.settings), (host, port), log) as locust:
        return locust.wait()


def work_share(
    profile: Profile, surroundings: Surroundings, share: LoadShare, log: Path, *, is_over: Callable[[], bool]
) -> str:
    """Make a share of a load until its master ends it; return why it could not be made, empty if it was.

    Args:
        profile: Of the load; how much of it is made, its master says.
        surroundings: Where Locust runs.
        share: Of which load, and where its master is.
        log: The file that Locust's output goes to.
        is_over: Whether to end although the master does not.
    """
    if why := _unreachable(share, is_over):
        return why
    master = (share.master_host, share.master_port)
    with _locust(profile, surroundings, read(share.config), master, log) as locust:
        while locust.is_running and not is_over():
            locust.receive(time.monotonic() + _TICK_S)
        if not locust.code():
            return ""
    return f"ended: {complaint(log.read_text(errors='replace'), profile.file) or 'its Locust gave no reason'}"


def _locust(
    profile: Profile, surroundings: Surroundings, config: LoadConfig, master: tuple[str, int], log: Path
) -> LocustProcess:
    alone = replace(profile, users=None, spawn_rate=None, workers=0, workers_at=(), processes=1)
    host, port = master
    (surroundings.root / profile.folder).mkdir(parents=True, exist_ok=True)  # copies have no empty folders
    return LocustProcess(
        [*arguments_of(alone, surroundings.root), "--worker", "--master-host", host, "--master-port", str(port)],
        config,
        folder=surroundings.root / profile.folder,
        environment=surroundings.environment,
        log=log,
    )


def _unreachable(share: LoadShare, is_over: Callable[[], bool]) -> str:
    """Return why a master cannot be reached, which may just be starting; empty if it can."""
    until_s = time.monotonic() + _REACH_S
    while True:
        try:
            socket.create_connection((share.master_host, share.master_port), _TRY_S).close()
        except OSError as error:
            if time.monotonic() >= until_s or is_over():
                return f"could not reach {share.master_host}:{share.master_port}: {error.strerror or error}"
            time.sleep(_TICK_S)
        else:
            return ""
