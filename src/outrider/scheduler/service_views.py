"""The service as values for pages and metrics."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from outrider.model import CheckView, ServiceView
from outrider.scheduler.health import LAG_BOUNDS_S

if TYPE_CHECKING:
    from outrider.scheduler.plan import Key
    from outrider.scheduler.service import Service


def view_of(service: Service) -> ServiceView:
    """Return how a service does now."""
    health = service.health
    counts: dict[Key, dict[str, int]] = defaultdict(dict)
    for (check, location, outcome), count in list(health.outcomes.items()):
        counts[check, location][outcome.value] = count
    checks = service.works.checks if service.works is not None else ()
    keys = [(one.id, place) for one in checks if one.policy.enabled for place in one.policy.locations]
    return ServiceView(
        leads=service.leading.leads,
        loaded=service.works is not None,
        checks=tuple(_check_view(service, key, counts[key]) for key in keys),
        problems=health.problems,
        ticked_s=service.since_tick_s(),
        waiting=service.desk.waiting,
        running=service.desk.running,
        unjudged=service.backlog,
        findings=tuple(
            f"{one.check} keeps failing in {', '.join(one.bad)} and not in {', '.join(one.good)}"
            for one in service.locations.minorities()
        ),
        events=dict(health.events),
        lags=tuple(zip((*LAG_BOUNDS_S, None), tuple(health.lags), strict=True)),
        lag_sum_s=health.lag_sum_s,
    )


def _check_view(service: Service, key: Key, runs: dict[str, int]) -> CheckView:
    last = service.health.last.get(key)
    paused = key[0] in service.desk.paused
    if last is None:
        return CheckView(*key, paused=paused)
    took_s = (last.finished_us - last.started_us) / 1e6
    return CheckView(*key, last.outcome.value, last.reason, last.due_us, took_s, runs, paused)
