"""Looks which locations have a live worker, while a service runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from outrider.app.access.periodic_watch import PeriodicWatch
from outrider.model import ALIVE_US

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from outrider.model import LocationLog

_FIRST_US: Final = 120_000_000
"""For how long a new location may be without its first worker."""


class LocationWatch(PeriodicWatch):
    """Hands on which locations have no live worker, and why.

    Args:
        locations: Knows them.
        on_seen: Takes those that have none with what is known of them, those that have one, and the time now.
    """

    def __init__(
        self, locations: LocationLog, on_seen: Callable[[Mapping[str, str], Sequence[str], int], None]
    ) -> None:
        super().__init__()
        self._locations = locations
        self._on_seen = on_seen
        self._first_us: dict[str, int] = {}

    def look(self, now_us: int) -> None:
        """Hand them on; who has just begun to look gives workers time to report."""
        names = self._locations.names()
        self._first_us = {name: self._first_us.get(name, now_us) for name in names}
        workers = self._locations.workers() if names else ()
        alive = {worker.location for worker in workers if worker.is_alive(now_us)}
        dead = {}
        for name in set(names) - alive:
            known = sorted(worker.name for worker in workers if worker.location == name)
            if now_us - self._first_us[name] >= (ALIVE_US if known else _FIRST_US):
                dead[name] = f"{', '.join(known)} fell silent" if known else "no worker has reported yet"
        self._on_seen(dead, sorted(alive & set(names)), now_us)
