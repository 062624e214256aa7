"""The state of the service as plain values, for pages and metrics; may be asked for by any thread."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from outrider.model import CheckView, ServiceView
from outrider.scheduler.health import LAG_BOUNDS_S

if TYPE_CHECKING:
    from outrider.model import Run
    from outrider.scheduler.plan import Key
    from outrider.scheduler.service import Service


def view_of(service: Service, *, in_full: bool = True) -> ServiceView:
    """Return how a service does now: with the checks that are paused, or in full with all checks."""
    counted = service.health.counts
    runtime = service.runtime
    paused = service.run_queue.paused
    checks = [own for own in (runtime.checks if runtime is not None else ()) if in_full or own.id in paused]
    keys = [(check.id, location) for check in checks if check.policy.enabled for location in check.policy.locations]
    counts: dict[Key, dict[str, int]] = defaultdict(dict)
    for (check, location, outcome), count in counted.outcomes.items() if keys else ():
        counts[check, location][outcome.value] = count
    return ServiceView(
        leads=service.leading.leads,
        is_led=service.leading.is_led,
        loaded=runtime is not None,
        checks=tuple(_check_view(key, counted.last.get(key), counts[key], paused=key[0] in paused) for key in keys),
        problems=service.health.problems,
        ticked_s=service.since_tick_s(),
        waiting=service.run_queue.waiting,
        running=service.run_queue.running,
        unjudged=service.backlog,
        findings=tuple(
            f"{minority.check} keeps failing in {', '.join(minority.bad)} and not in {', '.join(minority.good)}"
            for minority in service.locations.minorities()
        ),
        events=counted.events,
        lags=tuple(zip((*LAG_BOUNDS_S, None), counted.lags, strict=True)),
        lag_sum_s=counted.lag_sum_s,
        timezone=runtime.workspace.timezone if runtime is not None else "UTC",
    )


def _check_view(key: Key, last: Run | None, runs: dict[str, int], *, paused: bool) -> CheckView:
    if last is None:
        return CheckView(*key, paused=paused)
    first = last.attempts[0].measurement if last.attempts else None
    status = first.attributes.get("status", "") if first else ""
    return CheckView(
        *key,
        outcome=last.outcome.value,
        reason=last.reason,
        due_us=last.due_us,
        duration_s=(last.finished_us - last.started_us) / 1e6,
        runs=runs,
        paused=paused,
        finished_us=last.finished_us,
        samples=first.samples if first else (),
        status=int(status) if status.isdigit() else None,
    )
