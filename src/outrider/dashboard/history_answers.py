"""What the API answers about series, samples, silences and releases. It knows no HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.dashboard.api_values import instant
from outrider.dashboard.check_detail import named_check
from outrider.dashboard.page_addresses import write_moment
from outrider.dashboard.release_view import release_list, source_health
from outrider.model import Series, UsageError

if TYPE_CHECKING:
    from outrider.dashboard.sources import Sources

MOST_SAMPLES = 5_000
MOST_RANGE_US = 93 * 86_400_000_000
_LISTED_SERIES = 20


@dataclass(frozen=True, slots=True)
class SeriesItem:
    """A sequence of numbers of a check; `step` is empty for the whole run."""

    step: str
    metric: str
    environment: str
    location: str


@dataclass(frozen=True, slots=True)
class SeriesPage:
    """The series of a check, by their names; `next` is the cursor of the page after this one, or null."""

    check: str
    items: tuple[SeriesItem, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class PointItem:
    """One value of a series, and when its run was due."""

    at: str | None
    value: float


@dataclass(frozen=True, slots=True)
class SamplePage:
    """Judged values of one series in the order of time; `next` is the cursor of the page after this one, or null."""

    check: str
    series: SeriesItem
    items: tuple[PointItem, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class SilenceItem:
    """A silence that has not ended."""

    id: str
    starts: str | None
    ends: str | None
    matchers: tuple[str, ...]
    author: str
    comment: str


@dataclass(frozen=True, slots=True)
class SilencePage:
    """Silences that have not ended, by their start; `next` is the cursor of the page after this one, or null."""

    items: tuple[SilenceItem, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class ReleaseItem:
    """A release, and the incidents of its environment that began within a day after it, before the next one."""

    name: str
    environment: str
    at: str | None
    accepted: bool
    incidents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """Releases, the latest first; `next` is the cursor of the page after this one, null on the last."""

    items: tuple[ReleaseItem, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class ReleaseHealthItem:
    """What sessions of a release came to; `release` is empty for those that are not kept apart.

    `recent` are its sessions of the last 24 hours, `recent_of_all` those of all releases of project and environment;
    `adoption` is the share. Null is what cannot be told without a session or a user.
    """

    release: str
    environment: str
    project: int
    service: str
    first: str | None
    last: str | None
    sessions: int
    errored: int
    crashed: int
    abnormal: int
    users: int
    crashed_users: int
    recent: int
    recent_of_all: int
    crash_free_sessions: float | None
    crash_free_users: float | None
    adoption: float | None
    new_issues: int
    live_since: str | None


@dataclass(frozen=True, slots=True)
class ReleaseHealthBody:
    """Releases with sessions, those seen last first; `more` says whether there are others.

    Attributes:
        visits_unknown: Why visits to pages are not counted; null where they are, or where nobody keeps any.
    """

    items: tuple[ReleaseHealthItem, ...]
    more: bool
    visits_unknown: str | None


@dataclass(frozen=True, slots=True)
class SampleQuery:
    """Which values are asked for: of the series that fits, from since_us to until_us; None for any series."""

    check: str
    step: str | None
    metric: str
    environment: str
    location: str
    since_us: int
    until_us: int


def api_series(sources: Sources, check: str, after: str, limit: int) -> SeriesPage:
    """Return the series of a check.

    Raises:
        UsageError: unknown-check.
    """
    named = named_check(sources, check)[0].id
    items = sorted({_series_item(series) for series in sources.store.series.of(named)}, key=_place)
    start = int(after) if after.isascii() and after.isdigit() and len(after) <= 9 else 0
    following = str(start + limit) if len(items) > start + limit else None
    return SeriesPage(named, tuple(items[start : start + limit]), following)


def api_samples(sources: Sources, query: SampleQuery, limit: int) -> SamplePage:
    """Return values of the one series that fits.

    Raises:
        UsageError: unknown-check; unknown-series if none or several fit.
    """
    named = named_check(sources, query.check)[0].id
    fitting = [series for series in sources.store.series.of(named) if _fits(series, query)]
    if len(fitting) != 1:
        names = "; ".join(" / ".join(filter(None, _place(_series_item(series)))) for series in fitting[:_LISTED_SERIES])
        fix = "name step, metric, environment and location; /api/v1/series lists them"
        what = f"{len(fitting)} series of {named} are like that{f': {names}' if names else ''}"
        raise UsageError(what, slug="unknown-series", fix=fix)
    points = sources.store.series.samples(fitting[0], query.since_us, query.until_us)
    count = min(limit, len(points.at_us))
    following = str(int(points.at_us[count])) if len(points.at_us) > count else None
    items = tuple(
        PointItem(instant(int(at_us)), float(value))
        for at_us, value in zip(points.at_us[:count], points.value[:count], strict=True)
    )
    return SamplePage(named, _series_item(fitting[0]), items, following)


def api_silences(sources: Sources, after: tuple[int, str] | None, limit: int) -> SilencePage:
    """Return silences that have not ended, in the order in which they start."""
    silences = sorted(
        sources.store.silences.ending_after(sources.now_us()), key=lambda silence: (silence.starts_us, silence.id)
    )
    rest = [silence for silence in silences if after is None or (silence.starts_us, silence.id) > after]
    shown = rest[:limit]
    items = tuple(
        SilenceItem(
            silence.id, instant(silence.starts_us), instant(silence.ends_us), silence.matchers, silence.author,
            silence.comment,
        )
        for silence in shown
    )  # fmt: skip
    following = write_moment(shown[-1].starts_us, shown[-1].id) if len(rest) > len(shown) else None
    return SilencePage(items, following)


def api_releases(sources: Sources, before: tuple[int, str] | None, limit: int) -> ReleasePage:
    """Return releases, the latest first."""
    page = release_list(sources, before=before, limit=limit)
    items = tuple(
        ReleaseItem(
            line.release.name, line.release.environment, instant(line.release.at_us), line.release.accepted,
            tuple(incident.id for incident in line.incidents),
        )
        for line in page.lines
    )  # fmt: skip
    return ReleasePage(items, page.next or None)


def api_release_health(sources: Sources, since_us: int, environment: str, limit: int) -> ReleaseHealthBody:
    """Return what sessions of releases came to."""
    listed, unknown = source_health(sources, since_us, environment, limit)
    items = tuple(
        ReleaseHealthItem(
            own.release, own.environment, own.project, own.service, instant(own.first_us), instant(own.last_us),
            own.sessions, own.errored, own.crashed, own.abnormal, own.users, own.crashed_users, own.recent,
            own.recent_of_all, own.crash_free, own.crash_free_users, own.adoption, own.new_issues, instant(own.live_us),
        )
        for own in listed
    )  # fmt: skip
    return ReleaseHealthBody(items, not listed.is_complete, unknown or None)


def _series_item(series: Series) -> SeriesItem:
    return SeriesItem(series.step, series.metric, series.environment, series.location)


def _place(item: SeriesItem) -> tuple[str, str, str, str]:
    return item.step, item.metric, item.environment, item.location


def _fits(series: Series, query: SampleQuery) -> bool:
    return (
        (query.step is None or series.step == query.step)
        and series.metric == query.metric
        and query.environment in {"", series.environment}
        and query.location in {"", series.location}
    )
