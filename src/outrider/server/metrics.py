"""The service in Prometheus' text format, version 0.0.4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.model import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from outrider.model import CheckView, ServiceView

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

PHASES = frozenset(
    {"redirects", "token", "dns", "connect", "tls", "upgrade", "first_byte", "first_message", "query", "transfer"}
)
_DAY_S = 86_400

Value = tuple["Mapping[str, str]", float]


def exposition(view: ServiceView) -> str:
    """Return all metrics of the service and of its checks."""
    return "".join(f"{line}\n" for line in _lines(view))


def _lines(view: ServiceView) -> Iterator[str]:
    yield from _metric(
        "outrider_up", "gauge", "Whether this process is the leader and executes runs.", [({}, view.leads)]
    )
    yield from _metric("outrider_ready", "gauge", "Whether checks run as they should.", [({}, view.is_ready)])
    problems = [({"subject": subject}, 1.0) for subject in sorted(view.problems)]
    yield from _metric("outrider_problem", "gauge", "Something that degrades the service now.", problems)
    yield from _processes(view)
    yield from _metric("outrider_queue_waiting", "gauge", "Runs that are due and wait.", [({}, view.waiting)])
    yield from _metric("outrider_queue_running", "gauge", "Runs that are being made.", [({}, view.running)])
    yield from _metric("outrider_unjudged_runs", "gauge", "Stored runs that wait to be judged.", [({}, view.unjudged)])
    events = [({"event": name}, float(count)) for name, count in sorted(view.events.items())]
    yield from _metric("outrider_events_total", "counter", "What happened to the service.", events)
    lost = [
        ({name: getattr(own, name) for name in ("signal", "reason", "source", "service")}, float(own.count))
        for own in view.telemetry_lost
    ]
    meaning = "Telemetry of the day (UTC) that was not kept as it was sent."
    yield from _metric("outrider_telemetry_lost_total", "counter", meaning, lost)
    yield from _lags(view)
    checks = view.checks
    paused = [(_of(check), check.paused) for check in checks]
    yield from _metric("outrider_check_paused", "gauge", "Whether the check is paused.", paused)
    ran = [check for check in checks if check.outcome]
    good = [(_of(check), check.outcome in {"passed", "passed on retry"}) for check in ran]
    yield from _metric("outrider_check_good", "gauge", "Whether the last run was good.", good)
    due = [(_of(check), check.due_us / 1e6) for check in ran]
    yield from _metric("outrider_check_last_due_timestamp_seconds", "gauge", "When the last run was due.", due)
    took = [(_of(check), check.duration_s) for check in ran]
    yield from _metric("outrider_check_last_duration_seconds", "gauge", "How long the last run took.", took)
    share = [(_of(check), check.coverage) for check in ran]
    yield from _metric("outrider_check_coverage_ratio", "gauge", "Runs that happened over runs that were due.", share)
    runs = [
        ({**_of(check), "outcome": name}, float(count))
        for check in checks
        for name, count in sorted(check.runs.items())
    ]
    yield from _metric("outrider_runs_total", "counter", "Runs by outcome.", runs)
    outcomes = [({**_of(check), "outcome": check.outcome}, 1.0) for check in ran]
    yield from _metric("outrider_check_last_outcome", "gauge", "1 for the outcome of the last run.", outcomes)
    yield from _measurements(ran)
    incidents = [
        ({"problem": problem, "severity": severity}, float(count))
        for (problem, severity), count in sorted(view.incidents.items())
    ]
    yield from _metric("outrider_open_incidents", "gauge", "Incidents that are open.", incidents)


def _measurements(checks: Sequence[CheckView]) -> Iterator[str]:
    """Yield what the last run of each check measured, in base units."""
    durations: list[Value] = []
    phases: list[Value] = []
    expiries: list[Value] = []
    for check in checks:
        for sample in check.samples:
            labels = {**_of(check), "step": sample.step}
            if sample.metric == "duration_ms":
                durations.append((labels, sample.value / 1000))
            elif (phase := sample.metric.removesuffix("_ms")) in PHASES:
                phases.append(({**labels, "phase": phase}, sample.value / 1000))
            elif sample.metric == "certificate_days":
                expiries.append((labels, check.finished_us / 1e6 + sample.value * _DAY_S))
    yield from _metric(
        "outrider_step_duration_seconds", "gauge", "How long a step of the last run took; the whole has no step.",
        durations,
    )  # fmt: skip
    yield from _metric("outrider_step_phase_seconds", "gauge", "How long a phase of a probe's request took.", phases)
    yield from _metric(
        "outrider_certificate_expiry_timestamp_seconds", "gauge", "When the server's certificate expires.", expiries
    )
    statuses = [(_of(check), float(check.status)) for check in checks if check.status is not None]
    yield from _metric(
        "outrider_http_status_code", "gauge", "Status of the last HTTP answer of the last run.", statuses
    )


def _processes(view: ServiceView) -> Iterator[str]:
    up = [({"process": process.name}, float(process.is_running)) for process in view.processes]
    yield from _metric("outrider_process_up", "gauge", "Whether a process of the service runs.", up)
    restarts = [({"process": process.name}, float(process.restarts)) for process in view.processes]
    yield from _metric("outrider_process_restarts_total", "counter", "Restarts of a process that died.", restarts)


def _lags(view: ServiceView) -> Iterator[str]:
    name = "outrider_start_lag_seconds"
    yield f"# HELP {name} How long after they were due runs began."
    yield f"# TYPE {name} histogram"
    seen = 0
    for bound, count in view.lags:
        seen += count
        yield f'{name}_bucket{{le="{"+Inf" if bound is None else bound}"}} {seen}'
    yield f"{name}_sum {view.lag_sum_s}"
    yield f"{name}_count {seen}"


def _metric(name: str, kind: str, meaning: str, values: Iterable[Value]) -> Iterator[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} {kind}"
    for labels, value in values:
        inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"{name}{{{inside}}} {float(value)}" if inside else f"{name} {float(value)}"


def _of(check: CheckView) -> dict[str, str]:
    return {"check": check.check, "location": check.location}


def _escaped(text: str) -> str:
    return printable(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
