"""Refused sign-ins in the audit log, which nobody can fill: so many an hour, then how many more there were."""

from __future__ import annotations

import threading

from outrider.model import AuditEntry

MOST_AN_HOUR = 60
_HOUR_US = 3_600_000_000
_NOBODY = "not signed in"
_ACTION = "session.refuse"


class RefusedSignIns:
    """Makes entries of the audit log; for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hour = -1
        self._count = 0
        self._left_out = 0

    def entries(self, name: str, address: str, at_us: int, *, why: str) -> tuple[AuditEntry, ...]:
        """Return what is to be kept of a refusal: first how many of the last hour were left out, if any were.

        Args:
            name: Of the user; empty for one that there is not, since people type passwords where names belong.
            address: Where it came from.
            at_us: When, microseconds UTC.
            why: Why it was refused.
        """
        with self._lock:
            summary = self._begin(at_us)
            self._count += 1
            if self._count > MOST_AN_HOUR:
                self._left_out += 1
                return summary
        return (*summary, AuditEntry(at_us, _NOBODY, _ACTION, name or "unknown name", why, address))

    def _begin(self, at_us: int) -> tuple[AuditEntry, ...]:
        """Begin an hour where the last is over."""
        hour = at_us // _HOUR_US
        if hour == self._hour:
            return ()
        left_out, self._hour, self._count, self._left_out = self._left_out, hour, 0, 0
        if not left_out:
            return ()
        detail = f"{left_out} more in one hour, which were not kept one by one"
        return (AuditEntry(at_us, _NOBODY, _ACTION, "sign-ins", detail, ""),)
