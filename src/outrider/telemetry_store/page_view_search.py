"""Keeps page views, and answers questions about them; see the port `RealUserReader`.

The last beacon of a view replaces those before (`FINAL`), so that repeating a beacon changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from outrider.model import ReleaseVisits
from outrider.real_users import (
    BOUNDS,
    ConditionedViews,
    Conditions,
    PageView,
    ResourceRow,
    SessionFilter,
    SessionRow,
    Trouble,
    TroubledVisits,
    ViewFilter,
    ViewKey,
    Vital,
    VitalBin,
    VitalPoint,
    VitalRow,
    VitalShare,
)
from outrider.telemetry_store.page_view_schema import PAGE_VIEW_COLUMNS, PAGE_VIEWS
from outrider.telemetry_store.query_compiler import Parameters
from outrider.telemetry_store.service_search import ServiceSearch

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_VIEW_ROWS: Final = 1_000
_VIEW_MEASURES: Final = "count(), uniq(Session), uniq(Network), uniqIf(Session, Errors > 0), " + ", ".join(
    f"countIf(isNotNull({column})), quantileExactIf(0.75)(assumeNotNull({column}), isNotNull({column})),"
    f" countIf({column} <= {BOUNDS[vital].good}), countIf({column} > {BOUNDS[vital].poor})"
    for vital, column in ((vital, vital.upper()) for vital in Vital)
)
_HEAD: Final = 4
MOST_SAMPLED: Final = 20_000
_CONDITIONS: Final = 5
_VITAL_ARRAYS: Final = ", ".join(f"groupArray(toFloat64({vital.upper()}))" for vital in Vital)
_SESSION_COLUMNS: Final = (
    "Session, toUnixTimestamp64Micro(min(Timestamp)) AS Began,"
    " max(toUnixTimestamp64Micro(Timestamp) + toInt64(DurationMs) * 1000), any(ServiceName),"
    " any(Environment), argMax(Release, Timestamp), any(Device), any(Browser), any(System), any(Connection),"
    " any(Country), max(User), max(Origin), count(), argMin(Page, Timestamp), argMax(Page, Timestamp), sum(Errors),"
    " sum(RageClicks), sum(DeadClicks), sum(FailedCalls), max(LCP)"
)
_HAS: Final = {
    "error": "Errors > 0", "rage click": "RageClicks > 0", "dead click": "DeadClicks > 0",
    "failed call": "FailedCalls > 0",
}  # fmt: skip
_TROUBLE: Final = {
    Trouble.ERROR: "Errors > 0 OR FailedCalls > 0",
    Trouble.SLOW: " OR ".join(
        f"ifNull({vital.upper()}, 0) > {BOUNDS[vital].poor}" for vital in (Vital.LCP, Vital.INP, Vital.TTFB)
    ),
}


class PageViewSearch(ServiceSearch):
    """Answers them, each within the limits of a query; of users alone unless another origin is asked for."""

    def insert_page_views(self, views: Sequence[PageView], *, token: str) -> None:
        """Insert views; those that are told of again replace what was told before."""
        if views:
            columns: list[Sequence[Any]] = list(zip(*views, strict=True))
            self._client.insert(PAGE_VIEWS, PAGE_VIEW_COLUMNS, columns, token=token)

    def vitals(self, wanted: ViewFilter, by: ViewKey, *, limit: int = 50) -> list[VitalRow]:
        """Return vitals by the values of a key, those with the most views first."""
        parameters = Parameters()
        column = _KEYS[by]
        sql = (
            f"SELECT {column} AS KeyValue, {_VIEW_MEASURES} FROM {self._views(wanted, parameters)} GROUP BY KeyValue"
            f" ORDER BY count() DESC, KeyValue LIMIT {parameters.add(min(limit, MOST_VIEW_ROWS), 'UInt32')}"
        )
        return [_vital_row(str(key), figures) for key, *figures in self._rows(sql, parameters)]

    def vitals_of_pages(self, wanted: ViewFilter, *, every_s: int, limit: int = 50) -> dict[int, list[VitalRow]]:
        """Return the vitals of the pages with the most views in each period, by its beginning [s]."""
        parameters = Parameters()
        width = parameters.add(max(every_s, 1), "UInt32")
        sql = (
            f"SELECT toInt64(intDiv(toUnixTimestamp(Timestamp), {width}) * {width}) AS At, Page, {_VIEW_MEASURES}"
            f" FROM {self._views(wanted, parameters)} GROUP BY At, Page ORDER BY At, count() DESC, Page"
            f" LIMIT {parameters.add(min(limit, MOST_VIEW_ROWS), 'UInt32')} BY At"
        )
        periods: dict[int, list[VitalRow]] = {}
        for at_s, page, *figures in self._rows(sql, parameters):
            periods.setdefault(int(at_s), []).append(_vital_row(str(page), figures))
        return periods

    def all_vitals(self, wanted: ViewFilter) -> VitalRow:
        """Return the vitals of all views that count."""
        parameters = Parameters()
        (figures,) = self._rows(f"SELECT {_VIEW_MEASURES} FROM {self._views(wanted, parameters)}", parameters)
        return _vital_row("", list(figures))

    def vital_points(self, wanted: ViewFilter, vital: Vital, *, every_s: int) -> list[VitalPoint]:
        """Return the 75th percentile by period, as far as there are views."""
        parameters = Parameters()
        column, width = vital.upper(), parameters.add(max(every_s, 1), "UInt32")
        sql = (
            f"SELECT toInt64(intDiv(toUnixTimestamp(Timestamp), {width}) * {width}) AS At, count(),"
            f" quantileExact(0.75)(assumeNotNull({column})) FROM {self._views(wanted, parameters)}"
            f" WHERE isNotNull({column}) GROUP BY At ORDER BY At LIMIT 5000"
        )
        return [VitalPoint(int(at), int(count), float(p75)) for at, count, p75 in self._rows(sql, parameters)]

    def vital_bins(self, wanted: ViewFilter, vital: Vital, edges: Sequence[float]) -> list[VitalBin]:
        """Return how many views lie between edges, which ascend; the last bin has what is beyond."""
        parameters = Parameters()
        column, bounds = vital.upper(), parameters.add([float(edge) for edge in edges], "Array(Float64)")
        sql = (
            f"SELECT arrayCount(edge -> edge <= {column}, {bounds}) AS Bin, count()"
            f" FROM {self._views(wanted, parameters)} WHERE isNotNull({column}) GROUP BY Bin"
        )
        counts = {int(number): int(count) for number, count in self._rows(sql, parameters)}
        ends = [*edges[1:], float("inf")]
        return [VitalBin(low, high, counts.get(n, 0)) for n, (low, high) in enumerate(zip(edges, ends, strict=True), 1)]

    def conditioned_views(self, wanted: ViewFilter, *, limit: int = 20_000) -> list[ConditionedViews]:
        """Return the vitals of documents by the conditions under which they were seen; of many views, a fair sample."""
        import numpy as np  # noqa: PLC0415  whoever writes telemetry needs none

        parameters = Parameters()
        conditions = "Cache, Device, Power, Connection, Country"
        sql = (
            f"SELECT {conditions}, {_VITAL_ARRAYS} FROM (SELECT * FROM {self._views(wanted, parameters)}"
            f" WHERE isNotNull(FCP) OR isNotNull(LCP) OR isNotNull(TTFB) OR isNotNull(CLS) ORDER BY cityHash64(View)"
            f" LIMIT {parameters.add(min(limit, MOST_SAMPLED), 'UInt32')}) GROUP BY {conditions}"
        )
        return [
            ConditionedViews(
                Conditions(*row[:_CONDITIONS]),
                {vital: np.asarray(own, float) for vital, own in zip(Vital, row[_CONDITIONS:], strict=True)},
            )
            for row in self._rows(sql, parameters)
        ]

    def troubled_visits(self, wanted: ViewFilter, trouble: Trouble) -> TroubledVisits:
        """Return when visits met trouble first; of three days at most."""
        parameters = Parameters()
        sql = (
            f"SELECT count(), min(Met), countIf(Met > 0), intDiv(Met, 60000000) AS Minute FROM (SELECT"
            f" minIf(toUnixTimestamp64Micro(Timestamp), {_TROUBLE[trouble]}) AS Met"
            f" FROM {self._views(wanted, parameters)} GROUP BY Session) GROUP BY Minute ORDER BY Minute LIMIT 5000"
        )
        rows = [(int(visits), int(at_us), int(met)) for visits, at_us, met, _ in self._rows(sql, parameters)]
        return TroubledVisits(sum(visits for visits, *_ in rows), tuple((at_us, met) for _, at_us, met in rows if met))

    def release_visits(self, wanted: ViewFilter, *, recent_us: int) -> list[ReleaseVisits]:
        """Return what visits come to in each release, by which they began; those whose pages name none are left out."""
        parameters = Parameters()
        recent = parameters.add(recent_us, "Int64")
        sql = (
            "SELECT Project, any(Service), Environment, Named, min(Began), max(Began), count(), countIf(Errored),"
            " countIf(Crashed), uniqExact(Who), uniqExactIf(Who, Crashed),"
            f" countIf(Began >= {recent}) FROM (SELECT Project, Environment, Session, any(ServiceName) AS Service,"
            " argMin(Release, Timestamp) AS Named, toUnixTimestamp64Micro(min(Timestamp)) AS Began,"
            " sum(Errors) > 0 AS Errored, sum(Crashes) > 0 AS Crashed, if(max(User) = '', Session, max(User)) AS Who"
            f" FROM {self._views(wanted, parameters)} GROUP BY Project, Environment, Session) WHERE Named != ''"
            " GROUP BY Project, Environment, Named ORDER BY count() DESC"
            f" LIMIT {parameters.add(MOST_VIEW_ROWS, 'UInt32')}"
        )
        return [ReleaseVisits(*row) for row in self._rows(sql, parameters)]

    def resources(self, wanted: ViewFilter, *, limit: int = 20) -> list[ResourceRow]:
        """Return the resources and calls that took the most time in all."""
        parameters = Parameters()
        kind = "Tuple(String, String, UInt32, UInt64, UInt64, UInt64, UInt32)"
        sql = (
            "SELECT row.1 AS Kind, row.2 AS Address, sum(row.3) AS Number, sum(row.4) AS Time, max(row.5), sum(row.6),"
            f" sum(row.7) FROM (SELECT arrayJoin(JSONExtract(Resources, 'Array({kind})')) AS row"
            f" FROM {self._views(wanted, parameters)}) WHERE row.3 > 0 GROUP BY Kind, Address"
            f" ORDER BY Time DESC LIMIT {parameters.add(min(limit, MOST_VIEW_ROWS), 'UInt32')}"
        )
        return [
            ResourceRow(kind, address, int(count), time / count, int(slowest), int(size), int(failed))
            for kind, address, count, time, slowest, size, failed in self._rows(sql, parameters)
        ]

    def sessions(self, wanted: SessionFilter, *, limit: int = 50, before_us: int = 0) -> list[SessionRow]:
        """Return visits, those that began last first; before a time, if it is given."""
        parameters = Parameters()
        views = self._views(wanted.views, parameters)
        conditions = [_HAS[wanted.has]] if wanted.has in _HAS else []
        if wanted.user:
            conditions.append(f"User = {parameters.add(wanted.user, 'String')}")
        if wanted.trace_id:
            trace = parameters.add(wanted.trace_id, "String")
            conditions.append(f"(TraceId = {trace} OR position(Events, {trace}) > 0)")
        if wanted.views.page or wanted.views.host:
            conditions.append("1")
        whole = self._views(_of_any_page(wanted.views), parameters)
        chosen = (
            f" WHERE Session IN (SELECT Session FROM {views} WHERE {' AND '.join(conditions)})" if conditions else ""
        )
        earlier = f" HAVING Began < {parameters.add(before_us, 'Int64')}" if before_us else ""
        sql = (
            f"SELECT {_SESSION_COLUMNS} FROM {whole}{chosen} GROUP BY Session{earlier}"
            f" ORDER BY Began DESC, Session LIMIT {parameters.add(max(1, min(limit, MOST_VIEW_ROWS)), 'UInt32')}"
        )
        return [SessionRow(*row) for row in self._rows(sql, parameters)]

    def session_views(self, session: str, *, limit: int = 500) -> list[PageView]:
        """Return the views of a visit, by their start; none if it is unknown."""
        parameters = Parameters()
        columns = ", ".join(
            "toUnixTimestamp64Micro(Timestamp)" if name == "Timestamp" else name for name in PAGE_VIEW_COLUMNS
        )
        sql = (
            f"SELECT {columns} FROM {self._name(PAGE_VIEWS)} FINAL WHERE Session = {parameters.add(session, 'String')}"
            f" ORDER BY Timestamp, View LIMIT {parameters.add(max(1, min(limit, MOST_VIEW_ROWS)), 'UInt32')}"
        )
        return [PageView._make(row) for row in self._rows(sql, parameters)]

    def _views(self, wanted: ViewFilter, parameters: Parameters) -> str:
        """Return the views that count, as a table of a query."""
        since, until = (
            f"fromUnixTimestamp64Micro({parameters.add(max(us, 0), 'Int64')})"
            for us in (wanted.since_us, wanted.until_us)
        )
        conditions = [f"Timestamp >= {since} AND Timestamp < {until}"]
        conditions.append(f"Origin = {parameters.add(wanted.origin, 'String')}")
        for column, value in (
            ("ServiceName", wanted.service), ("Environment", wanted.environment), ("Page", wanted.page),
            ("Device", wanted.device), ("Browser", wanted.browser), ("Connection", wanted.connection),
            ("Country", wanted.country), ("Release", wanted.release), ("Cache", wanted.cache), ("Power", wanted.power),
        ):  # fmt: skip
            if value:
                conditions.append(f"{column} = {parameters.add(value, 'String')}")
        if wanted.host:
            conditions.append(f"domain(Url) = {parameters.add(wanted.host, 'String')}")
        return f"(SELECT * FROM {self._name(PAGE_VIEWS)} FINAL WHERE {' AND '.join(conditions)})"


_KEYS: Final = {
    ViewKey.PAGE: "Page", ViewKey.DEVICE: "Device", ViewKey.BROWSER: "Browser", ViewKey.SYSTEM: "System",
    ViewKey.CONNECTION: "Connection", ViewKey.COUNTRY: "Country", ViewKey.RELEASE: "Release",
    ViewKey.SERVICE: "ServiceName", ViewKey.CACHE: "Cache", ViewKey.POWER: "Power",
}  # fmt: skip


def _of_any_page(wanted: ViewFilter) -> ViewFilter:
    return ViewFilter(
        wanted.since_us, wanted.until_us, service=wanted.service, environment=wanted.environment, origin=wanted.origin
    )


def _vital_row(key: str, figures: Sequence[Any]) -> VitalRow:
    views, sessions, networks, failing = map(int, figures[:_HEAD])
    vitals = {}
    for number, vital in enumerate(Vital):
        count, p75, good, poor = figures[_HEAD + number * 4 : _HEAD + number * 4 + 4]
        vitals[vital] = VitalShare(int(count), float(p75) if count else None, int(good), int(poor))
    return VitalRow(key, views, sessions, networks, failing, vitals)
