"""A load profile: a locustfile, the load that it is to make, and what is expected of the target meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.load.shapes import Arrivals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.load.shapes import Shape

DURATION_S = 60.0
LONGEST_S = 3_600.0
"""How long a load with a shape of its own may take, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is expected of requests; None asks for nothing. Response times in ms.

    Attributes:
        failure_share: The most that may fail, 0 to 1.
        quantiles: The longest that shares of all requests may take, by share (0 to 1).
        requests_per_s: The least that have to succeed at the whole load; where less is asked for, less in proportion.
    """

    failure_share: float | None = None
    quantiles: Mapping[float, float] = field(default_factory=dict)
    requests_per_s: float | None = None


USUAL = Expectation(failure_share=0.01)


@dataclass(frozen=True, slots=True)
class AbortRule:
    """When to stop a load before its time: what `limits` do not allow, over the last `window_s` seconds."""

    limits: Expectation
    window_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Profile:
    """What a load does.

    Attributes:
        file: The locustfile, below the workspace.
        folder: Where Locust starts, below the workspace.
        users, spawn_rate: As Locust knows them; None leaves them to the locustfile's own settings.
        duration_s: None if unset: a minute, or until a shape of the locustfile's own ends.
        shape: Ours; None leaves it to the locustfile.
        processes: That Locust starts here.
        workers: That connect from elsewhere.
        workers_at: Locations whose workers are among these, and are started there.
        allowed_hosts: Beside those of the workspace.
        journey: A pattern that means the journey to run meanwhile; empty for none.
        hang_after_s: As in `LoadSettings`; None takes the workspace's.
        expect: By endpoint; the empty name means all requests together.
    """

    file: str
    folder: str = "."
    host: str | None = None
    users: int | None = None
    spawn_rate: float | None = None
    duration_s: float | None = None
    shape: Shape | None = None
    processes: int = 1
    workers: int = 0
    workers_at: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    exclude_tags: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    journey: str = ""
    hang_after_s: float | None = None
    expect: Mapping[str, Expectation] = field(default_factory=lambda: {"": USUAL})
    abort: AbortRule | None = None

    def asked_share(self, at_s: float, users: int, most_users: int) -> float:
        """Return how much of the whole load is asked for at a moment, 0 to 1.

        Args:
            at_s: From the start of the load.
            users: How many are asked for of the locustfile's own accord, as far as they have begun.
            most_users: The most that there have been in the whole load so far.
        """
        if isinstance(self.shape, Arrivals):
            return min(1.0, at_s / self.shape.ramp_s) if self.shape.ramp_s else 1.0
        if self.shape is not None:
            return self.shape.users_at(at_s) / self.shape.most_users
        return min(1.0, users / max(1, self.users or most_users))

    @property
    def generators(self) -> int:
        """How many processes share the load."""
        return self.workers or self.processes

    @property
    def wanted_users(self) -> int | None:
        """The highest number of users that is asked for, or None if the locustfile decides."""
        return self.shape.most_users if self.shape else self.users
