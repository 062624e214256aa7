"""What users' browsers tell of pages -> aggregates of the store, which the judge watches: a quarter of an hour each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from outrider.baselines import is_excess
from outrider.model import DURATION, FAILING, PAGE_PERIOD_MINUTES, AggregateSample, Subject, SubjectKind
from outrider.real_users import ViewFilter, ViewKey, Vital

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from outrider.app.telemetry.progress_mark import ProgressMark
    from outrider.model import AggregateLog
    from outrider.real_users import RealUserReader, VitalRow
    from outrider.workspace import PageSettings

PERIOD_S: Final = PAGE_PERIOD_MINUTES * 60
SETTLED_S: Final = 300
"""How long after its end a period is stored: a view is told of until its page is closed."""

_HOUR_S: Final = 3600
_DAY_S: Final = 86_400
_FIRST_S: Final = 7 * _DAY_S
_AT_ONCE_S: Final = 6 * _HOUR_S
_US: Final = 10**6
_JUDGED: Final = (Vital.LCP, Vital.INP, Vital.TTFB)
_PAGES: Final = 200

Site = tuple[str, str]
"""A service and an environment."""


class PageWatch:
    """Stores what the judge watches of pages, and says how far it came in a file; storing twice changes nothing.

    A page is the subject `page:SERVICE PATH`; its steps are vitals, by their 75th percentile. A quarter of an hour with
    too few visits, or from too few networks, says nothing: one user with a slow telephone is no incident.

    Args:
        reader: Of the page views.
        aggregates: Where it is stored.
        sites: Says which services and environments have pages.
        mark: Until when it is stored. At first, the last week is.
        settings: How many visits and networks say something.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        reader: RealUserReader,
        aggregates: AggregateLog,
        sites: Callable[[], Iterable[Site]],
        mark: ProgressMark,
        settings: PageSettings,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._reader = reader
        self._aggregates = aggregates
        self._sites = sites
        self._mark = mark
        self._settings = settings
        self._clock = clock
        self._usual: Mapping[Site, Mapping[str, float]] = {}
        self._usual_of_s = -1

    def look(self) -> int:
        """Store six hours at most of what has settled; return how many periods are left.

        Raises:
            TelemetryError: If the page views cannot be asked.
            StoreError: If the store cannot be written.
        """
        settled_s = int(self._clock() - SETTLED_S) // PERIOD_S * PERIOD_S
        begin_s = max(self._mark.until_s, settled_s - _FIRST_S)
        end_s = min(settled_s, begin_s + _AT_ONCE_S)
        if end_s <= begin_s:
            return 0
        if not self._reader.all_vitals(ViewFilter(begin_s * _US, settled_s * _US)).views:
            end_s = settled_s
        else:
            sites = sorted(set(self._sites()))
            self._aggregates.record([sample for site in sites for sample in self._of_site(site, begin_s, end_s)])
        self._mark.move(end_s)
        return (settled_s - end_s) // PERIOD_S

    def _of_site(self, site: Site, begin_s: int, end_s: int) -> Iterator[AggregateSample]:
        for at_s, rows in self._reader.vitals_of_pages(_views(site, begin_s, end_s), every_s=PERIOD_S).items():
            for row in rows:
                if row.sessions >= self._settings.sessions and row.networks >= self._settings.networks:
                    yield from self._of_page(site, at_s, row)

    def _of_page(self, site: Site, at_s: int, row: VitalRow) -> Iterator[AggregateSample]:
        service, environment = site
        subject = Subject.of(SubjectKind.PAGE, f"{service} {row.key}")
        failing = is_excess(row.failing, row.sessions, self._usual_at(at_s, site).get(row.key, _share(0, 0)))
        yield AggregateSample(subject, "", FAILING, environment, "", at_s * _US, float(failing))
        for vital in _JUDGED:
            share = row.vitals[vital]
            if share.p75 is not None and share.count >= self._settings.sessions:
                yield AggregateSample(subject, vital.upper(), DURATION, environment, "", at_s * _US, share.p75)

    def _usual_at(self, at_s: int, site: Site) -> Mapping[str, float]:
        """Return the usual share of visits with errors by page, read anew each hour; the last hour is not usual."""
        hour_s = at_s // _HOUR_S * _HOUR_S
        if hour_s != self._usual_of_s:
            self._usual_of_s, self._usual = hour_s, {}
        if site not in self._usual:
            rows = self._reader.vitals(_views(site, hour_s - 7 * _DAY_S, hour_s - _HOUR_S), ViewKey.PAGE, limit=_PAGES)
            self._usual = {**self._usual, site: {row.key: _share(row.failing, row.sessions) for row in rows}}
        return self._usual[site]


def _views(site: Site, begin_s: int, end_s: int) -> ViewFilter:
    return ViewFilter(begin_s * _US, end_s * _US, service=site[0], environment=site[1])


def _share(failing: int, sessions: int) -> float:
    return (failing + 1) / (sessions + 100)
