"""What is asked of page views, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from outrider.model import ReleaseVisits
    from outrider.real_users.page_view import PageView
    from outrider.real_users.view_conditions import Conditions


class Vital(StrEnum):
    """What is measured of a page; https://web.dev/articles/vitals has what they mean."""

    LCP = "lcp"
    INP = "inp"
    CLS = "cls"
    FCP = "fcp"
    TTFB = "ttfb"


@dataclass(frozen=True, slots=True)
class VitalBounds:
    """Up to `good` a value is good, beyond `poor` poor; milliseconds, but for CLS."""

    good: float
    poor: float


BOUNDS: Final = {
    Vital.LCP: VitalBounds(2500, 4000),
    Vital.INP: VitalBounds(200, 500),
    Vital.CLS: VitalBounds(0.1, 0.25),
    Vital.FCP: VitalBounds(1800, 3000),
    Vital.TTFB: VitalBounds(800, 1800),
}


class ViewKey(StrEnum):
    """By what page views are told apart."""

    PAGE = "page"
    DEVICE = "device"
    BROWSER = "browser"
    SYSTEM = "system"
    CONNECTION = "connection"
    COUNTRY = "country"
    RELEASE = "release"
    SERVICE = "service"
    CACHE = "cache"
    POWER = "power"


@dataclass(frozen=True, slots=True)
class ViewFilter:
    """Which page views count.

    Attributes:
        since_us: From then on, and before `until_us`; by when views began.
        origin: Of the views: "" for users.
        page: Of this one; "" for all, as everywhere.
        host: Of their addresses, without a port.
    """

    since_us: int
    until_us: int
    service: str = ""
    environment: str = ""
    page: str = ""
    device: str = ""
    browser: str = ""
    connection: str = ""
    country: str = ""
    release: str = ""
    cache: str = ""
    power: str = ""
    origin: str = ""
    host: str = ""


class Trouble(StrEnum):
    """What users may meet: errors and failed calls, or a page that is poor in LCP, INP or TTFB."""

    ERROR = "error"
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class TroubledVisits:
    """How many visits there were, and when trouble met them.

    Attributes:
        first_met: When visits met it first, microseconds UTC, and how many did within the minute; ascending.
    """

    visits: int
    first_met: tuple[tuple[int, int], ...]

    @property
    def troubled(self) -> int:
        """How many visits met it."""
        return sum(count for _, count in self.first_met)


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Which sessions are listed, beside those whose views count.

    Attributes:
        has: `error`, `rage click`, `dead click` or `failed call`; "" for any.
        user: A digest.
        trace_id: Of a view, or of a call of one.
    """

    views: ViewFilter
    has: str = ""
    user: str = ""
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class VitalShare:
    """One vital of some views.

    Attributes:
        count: Views that tell it.
        p75: Their 75th percentile; None without any.
        good: How many are good, and `poor` how many are poor; the others need work.
    """

    count: int
    p75: float | None
    good: int
    poor: int


@dataclass(frozen=True, slots=True)
class VitalRow:
    """The vitals of the views that have one value of a key.

    Attributes:
        key: The value; "" where the browser does not say it.
        networks: From how many networks they came.
        failing: Sessions with an error.
    """

    key: str
    views: int
    sessions: int
    networks: int
    failing: int
    vitals: dict[Vital, VitalShare]


@dataclass(frozen=True, slots=True)
class VitalPoint:
    """A vital in one period."""

    at_s: int
    count: int
    p75: float


@dataclass(frozen=True, slots=True)
class VitalBin:
    """How many views have a vital between two values."""

    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class ConditionedViews:
    """Views of users under the same conditions: each vital as far as they tell it, of shape (n,), ms but for CLS."""

    conditions: Conditions
    values: Mapping[Vital, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """A resource or call of some views, by the form of its address.

    Attributes:
        count: How often it was asked for.
        mean_ms: Of all, and `max_ms` the slowest one.
        bytes: Of all, as they were transferred.
    """

    kind: str
    address: str
    count: int
    mean_ms: float
    max_ms: int
    bytes: int
    failed: int


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One visit."""

    session: str
    start_us: int
    end_us: int
    service: str
    environment: str
    release: str
    device: str
    browser: str
    system: str
    connection: str
    country: str
    user: str
    origin: str
    views: int
    first_page: str
    last_page: str
    errors: int
    rage_clicks: int
    dead_clicks: int
    failed_calls: int
    worst_lcp_ms: float | None


class RealUserReader(Protocol):
    """Answers questions about page views; each is bounded by time, rows, seconds and memory."""

    def vitals(self, wanted: ViewFilter, by: ViewKey, *, limit: int = 50) -> list[VitalRow]:
        """Return vitals by the values of a key, those with the most views first."""
        ...

    def vitals_of_pages(self, wanted: ViewFilter, *, every_s: int, limit: int = 50) -> dict[int, list[VitalRow]]:
        """Return the vitals of the pages with the most views in each period, by its beginning [s]."""
        ...

    def all_vitals(self, wanted: ViewFilter) -> VitalRow:
        """Return the vitals of all views that count."""
        ...

    def vital_points(self, wanted: ViewFilter, vital: Vital, *, every_s: int) -> list[VitalPoint]:
        """Return the 75th percentile by period, as far as there are views."""
        ...

    def vital_bins(self, wanted: ViewFilter, vital: Vital, edges: Sequence[float]) -> list[VitalBin]:
        """Return how many views lie between edges, which ascend; the last bin has what is beyond."""
        ...

    def conditioned_views(self, wanted: ViewFilter, *, limit: int = 20_000) -> list[ConditionedViews]:
        """Return the vitals of documents by the conditions under which they were seen; of many views, a fair sample."""
        ...

    def troubled_visits(self, wanted: ViewFilter, trouble: Trouble) -> TroubledVisits:
        """Return when visits met trouble first."""
        ...

    def release_visits(self, wanted: ViewFilter, *, recent_us: int) -> list[ReleaseVisits]:
        """Return what visits come to in each release; `recent` are those that began since `recent_us`."""
        ...

    def resources(self, wanted: ViewFilter, *, limit: int = 20) -> list[ResourceRow]:
        """Return the resources and calls that took the most time in all."""
        ...

    def sessions(self, wanted: SessionFilter, *, limit: int = 50, before_us: int = 0) -> list[SessionRow]:
        """Return visits, those that began last first; before a time, if it is given."""
        ...

    def session_views(self, session: str, *, limit: int = 500) -> list[PageView]:
        """Return the views of a visit, by their start; none if it is unknown."""
        ...
