"""What an incident with given labels would lead to: a form and its answer, and the same for the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrider.alerts import Problem, Severity, check_labels, parse_labels, preview_routing, read_incidents
from outrider.dashboard.page_templates import render
from outrider.model import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.alerts import RoutingPreview
    from outrider.dashboard.page_templates import PageContext
    from outrider.dashboard.sources import Sources

_MOST_LASTING = 1_000
_MOST_NAMED_CHECKS = 500
_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class LevelItem:
    """A level of an escalation, so long after the first notification; `on_call` has the person of each rotation."""

    after_s: float
    receivers: tuple[str, ...]
    on_call: dict[str, str]


@dataclass(frozen=True, slots=True)
class RouteItem:
    """A route that takes the incident; `closed` says why it notifies nobody at this time of the week, or is empty."""

    name: str
    matchers: tuple[str, ...]
    receivers: tuple[str, ...]
    escalation: str
    rounds: int
    levels: tuple[LevelItem, ...]
    group: dict[str, str]
    wait_s: float
    interval_s: float
    repeat_s: float
    closed: str


@dataclass(frozen=True, slots=True)
class RoutingBody:
    """What would happen now; `labels` are those that routes see, and `muted` says why nobody is notified.

    An incident opens once `bad_runs` of `of_runs` are bad.
    """

    labels: dict[str, str]
    routes: tuple[RouteItem, ...]
    muted: tuple[str, ...]
    bad_runs: int
    of_runs: int


def routing_of(sources: Sources, lines: Sequence[str]) -> RoutingPreview:
    """Return what labels, `name=value` each, would lead to; those of a check that they name are added.

    Raises:
        UsageError: bad-argument; not-loaded while the workspace is loaded for the first time.
    """
    settings = sources.alerts
    if settings is None:
        raise UsageError("the workspace is being loaded", slug="not-loaded", fix="try again in a moment")
    given = parse_labels(lines)
    labels = {**_labels_of_check(sources, given.get("check", "")), **given}
    problem = labels.get("problem") or labels.get("trouble") or Problem.FAILURE.value
    labels = {"severity": Severity.CRITICAL.value, **labels, "problem": problem, "trouble": problem}
    now_us = sources.now_us()
    lasting = read_incidents(sources.store.incidents.search(lasting=True, limit=_MOST_LASTING))
    silences = sources.store.silences.ending_after(now_us)
    return preview_routing(labels, settings, silences, [other for other in lasting if other.phase.lasts], now_us)


def _labels_of_check(sources: Sources, name: str) -> dict[str, str]:
    check = next((check for check in sources.checks() or () if check.id == name), None)
    if check is None:
        return {}
    place = {"environment": check.policy.environment, "location": next(iter(check.policy.locations), "")}
    return {**check_labels(check), **place}


def routing_page(sources: Sources, labels: str, context: PageContext) -> str:
    """Return the form, and what the labels in it would lead to."""
    preview, problem = None, ""
    if labels.strip():
        try:
            preview = routing_of(sources, labels.splitlines())
        except UsageError as error:
            problem = f"{error.what}. {error.fix}"
    checks = sorted(str(check.id) for check in sources.checks() or ())[:_MOST_NAMED_CHECKS]
    values = {"asked": labels, "preview": preview, "problem": problem, "checks": checks, "seconds": _seconds}
    return render("routing.html", context, values)


def api_routing(sources: Sources, lines: Sequence[str]) -> RoutingBody:
    """Return what labels would lead to, for the API.

    Raises:
        UsageError: bad-argument, not-loaded.
    """
    preview = routing_of(sources, lines)
    routes = tuple(
        RouteItem(
            route.name, route.matchers, route.receivers, route.escalation, route.rounds,
            tuple(
                LevelItem(_seconds(level.after_us), level.receivers, dict(level.on_call)) for level in route.levels
            ),
            dict(route.group), _seconds(route.wait_us), _seconds(route.interval_us), _seconds(route.repeat_us),
            route.closed,
        )
        for route in preview.routes
    )  # fmt: skip
    return RoutingBody(dict(preview.labels), routes, preview.muted, *preview.bad)


def _seconds(length_us: int) -> float:
    return length_us / _SECOND_US
