"""How many users there are at which moment of a load. Pure; seconds count from its start."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol


class Shape(Protocol):
    """How the load develops over time."""

    @property
    def most_users(self) -> int:
        """The highest number of users that is asked for."""
        ...

    def users_at(self, at_s: float) -> int:
        """Return how many users there should be."""
        ...


@dataclass(frozen=True, slots=True)
class Ramp:
    """From none to all users in equal parts, then as many until the end."""

    users: int
    ramp_s: float

    @property
    def most_users(self) -> int:
        """The highest number of users that is asked for."""
        return self.users

    def users_at(self, at_s: float) -> int:
        """Return how many users there should be."""
        return self.users if at_s >= self.ramp_s else max(1, math.ceil(self.users * at_s / self.ramp_s))


@dataclass(frozen=True, slots=True)
class Soak:
    """A long load: up, a steady time, and down again at the end."""

    users: int
    ramp_s: float
    duration_s: float

    @property
    def most_users(self) -> int:
        """The highest number of users that is asked for."""
        return self.users

    def users_at(self, at_s: float) -> int:
        """Return how many users there should be."""
        edge_s = min(at_s, self.duration_s - at_s)
        return self.users if edge_s >= self.ramp_s else max(1, math.ceil(self.users * edge_s / self.ramp_s))


@dataclass(frozen=True, slots=True)
class Steps:
    """Numbers of users, one after the other, each for the same time; the last one stays."""

    levels: tuple[int, ...]
    every_s: float

    @property
    def most_users(self) -> int:
        """The highest number of users that is asked for."""
        return max(self.levels)

    def users_at(self, at_s: float) -> int:
        """Return how many users there should be."""
        return self.levels[min(int(at_s / self.every_s), len(self.levels) - 1)]


@dataclass(frozen=True, slots=True)
class Spike:
    """The usual users, and a crowd for a while."""

    users: int
    peak: int
    at_s: float
    lasts_s: float

    @property
    def most_users(self) -> int:
        """The highest number of users that is asked for."""
        return max(self.users, self.peak)

    def users_at(self, at_s: float) -> int:
        """Return how many users there should be."""
        return self.peak if self.at_s <= at_s < self.at_s + self.lasts_s else self.users


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Tasks that begin at a rate of their own, whether or not earlier ones are done: visitors do not wait in turn.

    Attributes:
        rate: Tasks a second.
        users: How many may be under way at a time.
        ramp_s: Time in which the rate grows from nothing.
    """

    rate: float
    users: int
    ramp_s: float = 0.0

    @property
    def most_users(self) -> int:
        """The highest number of users that is asked for."""
        return self.users

    def users_at(self, at_s: float) -> int:  # noqa: ARG002 - all stand ready from the start
        """Return how many users there should be."""
        return self.users


def stairs(most_users: int, *, growth: float = 1.5) -> tuple[int, ...]:
    """Return numbers of users from one to `most_users`, each larger than the one before by `growth`."""
    levels = [1]
    while levels[-1] < most_users:
        levels.append(min(most_users, max(levels[-1] + 1, round(levels[-1] * growth))))
    return tuple(levels)
