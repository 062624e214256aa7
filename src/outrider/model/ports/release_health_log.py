"""Port: sessions of users by release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model.excerpt import Excerpt
    from outrider.model.release_health import ReleaseHealth, ReleaseVisits, SessionCount


class ReleaseHealthLog(Protocol):
    """Sums of sessions by release, hour and UTC day; of no session alone."""

    def add(self, counts: Sequence[SessionCount], token: int) -> bool:
        """Add sessions to their sums, all or none; return false, and add none, if the token is that of the last call.

        Of a project, the first 200 releases and environments of a day are kept apart; others count as "".
        """
        ...

    def list(
        self, now_us: int, since_us: int, *, project: int = 0, environment: str = "", limit: int = 100,
        visits: Sequence[ReleaseVisits] = (),
    ) -> Excerpt[ReleaseHealth]:  # fmt: skip
        """Return the releases that had sessions since a time, in whole UTC days; those seen last first, by sessions.

        Args:
            visits: Of the same time; they count, too, but for releases whose sessions browsers tell themselves.
        """
        ...
