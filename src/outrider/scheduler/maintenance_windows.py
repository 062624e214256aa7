"""Maintenance windows: times in which checks do not run. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from outrider.model import ConfigError, PlannedMaintenance
from outrider.workspace import Cron, matches, names_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from outrider.model import Check, Place
    from outrider.workspace import Maintenance

_SECOND_US = 1_000_000
_MOST_SPANS = 50


@dataclass(frozen=True, slots=True)
class _Window:
    maintenance: Maintenance
    start_us: int | None
    cron: Cron | None

    def is_open(self, at_us: int) -> bool:
        length_us = round(self.maintenance.duration_s * _SECOND_US)
        if self.start_us is not None:
            return self.start_us <= at_us < self.start_us + length_us
        begins_us = self.cron.after(at_us - length_us) if self.cron else None
        return begins_us is not None and begins_us <= at_us

    def spans(self, since_us: int, until_us: int) -> Iterator[tuple[int, int]]:
        """Yield beginning and end of each time that it is open within a period, the first ones only."""
        length_us = round(self.maintenance.duration_s * _SECOND_US)
        if self.start_us is not None:
            if self.start_us < until_us and self.start_us + length_us > since_us:
                yield self.start_us, self.start_us + length_us
            return
        begins_us = self.cron.after(since_us - length_us) if self.cron else None
        for _ in range(_MOST_SPANS):
            if self.cron is None or begins_us is None or begins_us >= until_us:
                return
            yield begins_us, begins_us + length_us
            begins_us = self.cron.after(begins_us)


class Windows:
    """All windows of a workspace.

    Raises:
        ConfigError: bad-cron.
    """

    def __init__(self, maintenance: Iterable[Maintenance], timezone: str) -> None:
        self._windows = [_window(entry, timezone) for entry in maintenance]

    def why_closed(self, check: Check, at_us: int) -> str:
        """Return the reason of the window that a check is in; empty if it is in none."""
        open_windows = (window for window in self._windows if _means(window, check) and window.is_open(at_us))
        return next((window.maintenance.reason for window in open_windows), "")

    def planned(self, checks: Iterable[Check], since_us: int, until_us: int) -> tuple[PlannedMaintenance, ...]:
        """Return when windows are open within a period, and which of the checks they mean, the earliest first."""
        known = tuple(checks)
        planned = [
            PlannedMaintenance(begins_us, ends_us, meant, window.maintenance.public)
            for window in self._windows
            if (meant := frozenset(check.id for check in known if _means(window, check)))
            for begins_us, ends_us in window.spans(since_us, until_us)
        ]
        return tuple(sorted(planned, key=lambda span: (span.begins_us, span.ends_us)))


def window_problems(maintenance: Iterable[Maintenance], timezone: str, now_us: int) -> tuple[ConfigError, ...]:
    """Return what is wrong with when windows begin: a cron that cannot be read, or that never comes true."""
    problems = []
    for window in maintenance:
        try:
            cron = _window(window, timezone).cron
        except ConfigError as problem:
            problems.append(problem)
            continue
        if cron is not None and cron.after(now_us) is None:
            what = f'maintenance.cron = "{window.cron}" never comes true'
            problems.append(
                ConfigError(what, slug="cron-never", fix="correct the day or the month", where=_place(window))
            )
    return tuple(problems)


def _means(window: _Window, check: Check) -> bool:
    names = names_of(check)
    return any(matches(pattern.text, names) for pattern in window.maintenance.patterns)


def _window(maintenance: Maintenance, timezone: str) -> _Window:
    if maintenance.start:
        start = datetime.fromisoformat(maintenance.start)
        local = start if start.tzinfo else start.replace(tzinfo=ZoneInfo(timezone))
        return _Window(maintenance, round(local.astimezone(UTC).timestamp() * _SECOND_US), None)
    try:
        return _Window(maintenance, None, Cron(maintenance.cron, timezone))
    except ValueError as error:
        raise ConfigError(
            f'maintenance.cron = "{maintenance.cron}" cannot be read: {error}',
            slug="bad-cron",
            fix='write five fields, such as "0 2 * * sun"',
            where=_place(maintenance),
        ) from None


def _place(maintenance: Maintenance) -> Place | None:
    return maintenance.patterns[0].place if maintenance.patterns else None
