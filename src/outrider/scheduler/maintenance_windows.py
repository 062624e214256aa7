"""Maintenance windows: times in which checks do not run. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from outrider.model import ConfigError
from outrider.workspace import Cron, matches, names_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrider.model import Check, Place
    from outrider.workspace import Maintenance

_SECOND_US = 1_000_000


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
