"""Sessions of users by release, as clients count them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class SessionCount(NamedTuple):
    """What one message of a client tells of sessions: one of a user, or many of a server.

    Attributes:
        environment: "" stands for that of the project.
        at_us: When they began.
        user: A digest of whose session it is; "" where that is not told.
        sessions: How many began.
        errored: In how many an error was met, those that it ended among them.
        crashed: How many an error that nobody caught has ended.
        abnormal: How many were cut off, such as by a process that was killed.
        from_pages: How many of those that began were told by browsers.
    """

    project: int
    environment: str
    release: str
    at_us: int
    user: str = ""
    sessions: int = 0
    errored: int = 0
    crashed: int = 0
    abnormal: int = 0
    from_pages: int = 0


class ReleaseVisits(NamedTuple):
    """What visits of pages, which tell of views and not of sessions, come to in a release, by their first view.

    Attributes:
        first_us: When the first of them began, and `last_us` when the last did.
        errored: In how many an error was met.
        crashed: In how many an error was met that nobody caught.
        users: Different ones; whom no page names counts by the visit.
        recent: Visits of the last 24 hours.
    """

    project: int
    service: str
    environment: str
    release: str
    first_us: int
    last_us: int
    sessions: int
    errored: int
    crashed: int
    users: int
    crashed_users: int
    recent: int


@dataclass(frozen=True, slots=True)
class ReleaseHealth:
    """What sessions of a release came to within a time.

    Attributes:
        project: The number of its project.
        release: "" stands for those beyond the most that a project has in a day.
        first_us: The beginning of the UTC day of its first session within the time; `last_us` that of its last.
        recent: Sessions of the last 24 hours, and `recent_of_all` those of all releases of its project and environment.
        users: Different ones, exact up to 256, and by an estimate (+- 6 %) beyond.
        new_issues: Issues of its project that were first seen in it.
        service: Of its project.
        live_us: When it was marked live last; None if it never was.
    """

    project: int
    environment: str
    release: str
    first_us: int
    last_us: int
    sessions: int
    errored: int
    crashed: int
    abnormal: int
    users: int
    crashed_users: int
    recent: int
    recent_of_all: int
    new_issues: int
    service: str = ""
    live_us: int | None = None

    @property
    def crash_free(self) -> float | None:
        """The share of sessions that did not crash; None without any."""
        return 1 - min(self.crashed, self.sessions) / self.sessions if self.sessions else None

    @property
    def crash_free_users(self) -> float | None:
        """The share of users who had no session that crashed; None where no user is told of."""
        return 1 - min(self.crashed_users, self.users) / self.users if self.users else None

    @property
    def adoption(self) -> float | None:
        """Its share of the sessions of the last 24 hours; None without any."""
        return self.recent / self.recent_of_all if self.recent_of_all else None
