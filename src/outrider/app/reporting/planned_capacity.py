"""Capacity plans of load profiles: their loads, and what telemetry and sources say of that time and of real traffic."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING

from outrider.app.access.workspace_access import now_us
from outrider.app.lookup.source_access import workspace_sources
from outrider.app.lookup.telemetry_access import open_telemetry, reach_telemetry
from outrider.causes import (
    KNOWN_RESOURCES,
    CapacityPlan,
    LoadLimits,
    headrooms,
    limits_of_load,
    source_use,
    sustained_rate,
    used_resources,
)
from outrider.model import Kind, LoadResult, OutriderError, SourceKind, UsageError, altogether
from outrider.runs import TRIAL_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from outrider.baselines import Knee
    from outrider.causes import ServiceHeadroom, SourceUse, UsedResource
    from outrider.model import Measurement, ReportHistory, RunSummary, ServiceReader, SpanRates
    from outrider.workspace import Workspace

_WEEKS = 56
_WEEK_US = 7 * 86_400_000_000
_MOST_LOADS = 40
_MOST_EXCLUDED = 1_000
_HOUR_US = 3_600_000_000
_MINUTE_US = 60_000_000


def capacity_plans(
    workspace: Workspace,
    store: ReportHistory,
    name: str = "",
    *,
    until_us: int | None = None,
    starts_engine: bool = False,
) -> list[CapacityPlan]:
    """Return the plan of each load profile in each environment, from its last load with levels.

    Args:
        workspace: Whose telemetry is asked; where it is out of reach, plans say so.
        store: Where the loads are.
        name: A check or pattern over checks, or a service: only plans of that; all if empty.
        until_us: Of loads and traffic up to then; now if absent.
        starts_engine: Whether to start the engine of the telemetry where none runs.

    Raises:
        UsageError: switched-off, unknown-check.
    """
    workspace.capabilities.require("capacity", "capacity planning")
    until_us = until_us or now_us()
    loads = _loads(store, until_us)
    if not loads and not name:
        return []
    outside = partial(_outside_use, workspace)
    try:
        with (open_telemetry if starts_engine else reach_telemetry)(workspace) as reader:
            plans = [_plan(store, reader, outside, own, until_us) for own in loads]
    except OutriderError as error:
        plans = [_plan(store, error.what, outside, own, until_us) for own in loads]
    chosen = [plan for plan in plans if _is_chosen(plan, name)]
    if name and not chosen:
        known = ", ".join(sorted({plan.check for plan in plans})) or "none: outrider load NAME --find-knee"
        what = f'no load with levels is of a check or service "{name}"'
        raise UsageError(what, slug="unknown-check", fix=f"loads with levels: {known}")
    return chosen


def _is_chosen(plan: CapacityPlan, name: str) -> bool:
    return (
        not name
        or fnmatchcase(plan.check, name)
        or plan.check == f"load:{name}"
        or any(own.service == name for own in plan.services)
    )


def _loads(store: ReportHistory, until_us: int) -> list[tuple[RunSummary, Measurement]]:
    """Return the last load with levels of each profile and environment."""
    climbs = []
    for check in store.checks.all():
        if check.kind is Kind.LOAD:
            taken = set()
            for summary in store.runs.search(check.id, until_us=until_us, limit=_MOST_LOADS):
                place = summary.environment.removesuffix(TRIAL_SUFFIX), summary.location
                if place not in taken and (measurement := _climbed(store, summary)) is not None:
                    taken.add(place)
                    climbs.append((summary, measurement))
    return climbs


def _knee(result: LoadResult) -> Knee | None:
    from outrider.app.execution.load_trial import knee_of  # noqa: PLC0415 - it runs checks, and the process of pages does not

    return knee_of(result.intervals)


def _climbed(store: ReportHistory, summary: RunSummary) -> Measurement | None:
    measurements = (attempt.measurement for attempt in store.runs.get(summary.id).run.attempts)
    return next((own for own in measurements if own.load is not None and _knee(own.load) is not None), None)


def _outside_use(workspace: Workspace, began_us: int, ended_us: int, *, has_own: bool) -> dict[str, SourceUse]:
    """Return what each source of PromQL says of the use of resources; of known ones where ours has none."""
    settings = [own for own in workspace.sources if own.kind is SourceKind.PROMETHEUS]
    sources = workspace_sources(workspace)
    use = {}
    for own in settings if workspace.capabilities.sources else ():
        queries = {**({} if has_own else KNOWN_RESOURCES), **dict(own.resources)}
        ask = partial(sources.series, source=own.name)
        use[own.name] = source_use(ask, queries, own.selector, began_us / 1e6, ended_us / 1e6)
    return use


def _plan(
    store: ReportHistory,
    reader: ServiceReader | str,
    outside: Callable[..., Mapping[str, SourceUse]],
    load: tuple[RunSummary, Measurement],
    until_us: int,
) -> CapacityPlan:
    """Return the plan by a load; instead of a reader, why there is none."""
    summary, measurement = load
    result = measurement.load or LoadResult()
    began_us = measurement.started_us
    ended_us = began_us + round(result.length_s * 1_000_000)
    knee = _knee(result)
    during: Sequence[SpanRates] = ()
    used: list[UsedResource] = []
    if not isinstance(reader, str):
        during = reader.services(began_us * 1000, ended_us * 1000, with_synthetic=True)
        used = used_resources(reader, began_us, ended_us, [rates.service for rates in during])
    use = outside(began_us, ended_us, has_own=bool(used))
    used += {own.name: own for source in use.values() for own in source.resources}.values()
    if isinstance(reader, str) and not use:
        limits = LoadLimits(unknown=reader)
    else:
        limits = limits_of_load(result.intervals, began_us, knee, used)
    sustained, is_extrapolated = sustained_rate(knee, limits)
    services: tuple[ServiceHeadroom, ...] = ()
    if isinstance(reader, str):
        unknown = reader
    else:
        if sustained is not None:
            usual = _usual(reader, began_us, ended_us)
            peaks = reader.weekly_peaks(until_us * 1000, weeks=_WEEKS, without_s=_windows(store, until_us))
            services = headrooms(sustained, altogether(result.endpoints).requests, during, usual, peaks)
        unknown = _why_unknown(sustained is not None, bool(during), bool(services))
    return CapacityPlan(
        str(summary.check), summary.environment.removesuffix(TRIAL_SUFFIX), str(summary.id), began_us, knee, limits,
        sustained, is_extrapolated, services, unknown, until_us,
        unread={name: own.unread for name, own in use.items() if own.unread},
    )  # fmt: skip


def _why_unknown(is_sustained: bool, has_spans: bool, has_services: bool) -> str:
    if not has_spans:
        return "no spans came in during the load: docs/telemetry.md#services"
    if not is_sustained:
        return "the load did not show what is sustained"
    return "" if has_services else "no service got as many requests as the load sent"


def _usual(reader: ServiceReader, began_us: int, ended_us: int) -> dict[str, float]:
    """Return what would have entered each service meanwhile, at the rate of the hour before."""
    before = reader.services((began_us - _HOUR_US) * 1000, (began_us - _MINUTE_US) * 1000, with_synthetic=True)
    share = (ended_us - began_us) / (_HOUR_US - _MINUTE_US)
    return {rates.service: rates.count * share for rates in before}


def _windows(store: ReportHistory, until_us: int) -> list[tuple[int, int]]:
    """Return when loads were made, seconds since 1970: what they send is nobody's traffic."""
    runs = store.runs.search("load:*", since_us=until_us - _WEEKS * _WEEK_US, until_us=until_us, limit=_MOST_EXCLUDED)
    return [(run.started_us // 1_000_000, -(-run.finished_us // 1_000_000)) for run in runs]
